"""Rows of a dataset of any length: what is on the screen is read, in a thread, a page at a time."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.worker import Worker
from textual_fastdatatable import DataTable
from textual_fastdatatable.backend import DataTableBackend

Page = list[list[str]]
ReadPage = Callable[[int, int], Page]
"""(first row, count) -> rows of cells, each on one line and safe to draw. Blocking."""

PAGE = 100
PAGES_KEPT = 50
NARROWEST = 8
WIDEST = 80
PADDING = 2
WAITING = Text("…", "dim")
MARKED = "reverse bold"
NO_KEYS = {"tab", "shift+tab", "enter", "ctrl+a", "ctrl+c,super+c"}
"""Of the library's table: Tab is for the next widget, Enter for the screen, and nothing is selected here."""


class PagedRows(DataTableBackend[Page]):
    """Hands out the pages that it has; a row of another page is drawn as waiting, and asked for by `want`.

    Args:
        numbers: what stands before each row.
    """

    def __init__(
        self, columns: Sequence[str], numbers: Sequence[int], widths: Sequence[int], want: Callable[[int], None]
    ) -> None:
        self._render_markup = False
        self._columns = ["#", *columns]
        self._numbers = numbers
        self._marked: re.Pattern[str] | None = None
        self._widths = list(widths)
        self._want = want
        self._cells: dict[int, Page] = {}
        self._pages: OrderedDict[int, list[list[Text]]] = OrderedDict()

    def put(self, page: int, rows: Page) -> None:
        self._cells[page] = rows
        self._draw(page)
        while len(self._pages) > PAGES_KEPT:
            self._cells.pop(self._pages.popitem(last=False)[0])

    def mark(self, pattern: re.Pattern[str] | None) -> None:
        """Mark this in every cell; what was marked before, is not any more."""
        self._marked = pattern
        for page in self._pages:
            self._draw(page)

    def _draw(self, page: int) -> None:
        start = page * PAGE
        self._pages[page] = [
            [
                Text(str(self._numbers[start + index]), "dim"),
                *(self._drawn(cell, width) for cell, width in zip(row, self._widths[1:], strict=True)),
            ]
            for index, row in enumerate(self._cells[page])
        ]

    def _drawn(self, cell: str, width: int) -> Text:
        if self._marked is None:
            return Text(cell, no_wrap=True)
        text = Text(_from_match(cell, self._marked, width), no_wrap=True)
        text.highlight_regex(self._marked, MARKED)
        return text

    def get_row_at(self, index: int) -> Sequence[Any]:
        page = self._pages.get(index // PAGE)
        if page is None:
            self._want(index // PAGE)
            return [Text(str(self._numbers[index]), "dim"), *(WAITING for _ in self._columns[1:])]
        self._pages.move_to_end(index // PAGE)
        return page[index % PAGE]

    def get_cell_at(self, row_index: int, column_index: int) -> Any:
        return self.get_row_at(row_index)[column_index]

    @property
    def row_count(self) -> int:
        return len(self._numbers)

    @property
    def source_row_count(self) -> int:
        return len(self._numbers)

    @property
    def columns(self) -> Sequence[str]:
        return self._columns

    @property
    def column_content_widths(self) -> Sequence[int]:
        return self._widths

    # The rest of the library's interface is for tables that can be changed or sorted, or that lie in memory as a whole.

    @classmethod
    def from_pydict(
        cls, data: Mapping[str, Sequence[Any]], max_rows: int | None = None, column_names: Sequence[str] | None = None
    ) -> PagedRows:
        raise NotImplementedError

    @property
    def source_data(self) -> Page:
        raise NotImplementedError

    def get_column_at(self, index: int) -> Sequence[Any]:
        raise NotImplementedError

    def append_column(self, label: str, default: Any | None = None) -> int:
        raise NotImplementedError

    def append_rows(self, records: Iterable[Iterable[Any]]) -> list[int]:
        raise NotImplementedError

    def drop_row(self, row_index: int) -> None:
        raise NotImplementedError

    def update_cell(self, row_index: int, column_index: int, value: Any) -> None:
        raise NotImplementedError

    def sort(self, by: list[tuple[str, Literal["ascending", "descending"]]] | str) -> None:
        raise NotImplementedError


class RowTable(DataTable, inherit_bindings=False):
    """A cursor over rows; each move posts RowHighlighted.

    Args:
        columns: their names.
        rows: how many there are.
        first: the first page.
        width: cells to lay the columns out in.
        numbers: what stands before each row, where that does not count from 0.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        binding for binding in DataTable.BINDINGS if isinstance(binding, Binding) and binding.key not in NO_KEYS
    ]

    def __init__(
        self,
        columns: Sequence[str],
        rows: int,
        first: Page,
        read: ReadPage,
        width: int,
        numbers: Sequence[int] | None = None,
    ) -> None:
        numbered = range(rows) if numbers is None else numbers
        widest = str(numbered[-1] + 1) if rows else "0"
        widths = layout([["#", *columns], *([widest, *row] for row in [*first, _longest(first, rows)])], width)
        self._store = PagedRows(columns, numbered, widths, self._want)
        self._store.put(0, first)
        self._read = read
        self._asked: set[int] = set()
        super().__init__(
            backend=self._store,
            column_labels=[Text(name) for name in ("#", *columns)],
            column_widths=list(widths),
            max_column_content_width=max(widths),
            cursor_type="row",
            fixed_columns=1,
            show_row_labels=False,
            render_markup=False,
        )

    def mark(self, pattern: re.Pattern[str] | None) -> None:
        """Mark this in every cell, or nothing any more."""
        self._store.mark(pattern)
        self.notify_style_update()

    def _want(self, page: int) -> None:
        if page not in self._asked:
            self._asked.add(page)
            self.call_later(self._fetch, page)

    def _fetch(self, page: int) -> Worker[None]:
        return self.run_worker(self._load(page), group="pages")

    async def _load(self, page: int) -> None:
        try:
            rows = await asyncio.to_thread(self._read, page * PAGE, PAGE)
        finally:
            self._asked.discard(page)
        self._store.put(page, rows)
        self.notify_style_update()


def _from_match(cell: str, marked: re.Pattern[str], width: int) -> str:
    """The cell, or its part around the first match where that would not be in view."""
    match = marked.search(cell)
    if match is None or cell_len(cell[: match.end()]) < width:
        return cell
    return "…" + cell[max(0, match.start() - width // 4) :]


def layout(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Cells for each column: as wide as its widest cell, the widest ones cut first until all fit into `width`.

    Where even narrow columns do not fit, the table scrolls. All of `width` is used.
    """
    widths = [min(WIDEST, max(map(cell_len, column))) for column in zip(*rows, strict=True)]
    room = width - PADDING * len(widths)
    most = WIDEST
    while sum(widths) > room and most > NARROWEST:
        most -= 1
        widths = [min(most, cells) for cells in widths]
    # Later pages may hold longer cells: what is left over goes to the widest column.
    if sum(widths) < room:
        widths[widths.index(max(widths))] += room - sum(widths)
    return widths


def _longest(first: Page, rows: int) -> list[str]:
    """What a column may hold further down: whole numbers that count the rows grow as long as their number."""
    return [str(rows) if all(cell.isdigit() for cell in column) else "" for column in zip(*first, strict=True)]
