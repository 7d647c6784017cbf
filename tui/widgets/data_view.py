"""A dataset on the screen: its splits, the types of its columns, its rows, and where there is room the current row."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.text import one_line, visible
from tui.widgets.query_line import QueryLine
from tui.widgets.row_text import RowText
from tui.widgets.split_bar import SplitBar

if TYPE_CHECKING:
    from core.data.browse import Browser, Column
    from core.data.damage import Damage
    from tui.widgets.row_table import Page, RowTable

MOST_TYPES = 50
"""Columns whose type is written out above the table."""


class DataView(Vertical):
    """Shows nothing before the first `show`.

    Attributes:
        browser: what is shown.
        split: which of its splits.
        numbers: the rows of the split that are shown, ascending.
        marked: what is marked in the cells.
    """

    class RowChanged(Message):
        """The cursor is on another row."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.browser: Browser | None = None
        self.split = ""
        self.numbers: Sequence[int] = ()
        self.marked: re.Pattern[str] | None = None
        self._width = 0

    def compose(self) -> ComposeResult:
        yield SplitBar()
        yield Static(id="columns")
        yield Static(id="damage")
        yield Vertical(id="rows")
        with VerticalScroll(id="preview", classes="pane", can_focus=False):
            yield RowText()
        yield QueryLine()

    @property
    def table(self) -> RowTable | None:
        found = self.query("#rows > *")
        return found.first() if found else None  # type: ignore[return-value]

    @property
    def asks(self) -> bool:
        """Whether the line below the rows is open."""
        return self.query_one(QueryLine).kind is not None

    @property
    def rows(self) -> int:
        """How many rows are shown."""
        return len(self.numbers)

    @property
    def place(self) -> int:
        """The place of the cursor among the rows that are shown."""
        return self.table.cursor_row if self.table is not None else 0

    @property
    def row(self) -> int:
        """The number of the row that the cursor is on."""
        return int(self.numbers[self.place]) if self.place < self.rows else 0

    async def show(
        self, browser: Browser, split: str, first: Page, row: int = 0, numbers: Sequence[int] | None = None
    ) -> None:
        """Show a split, the cursor on `row`; `first` is its first page. With `numbers` only these rows of it."""
        # The table's library brings pyarrow: it was imported in the thread that read the first page.
        from tui.widgets.row_table import RowTable

        self.browser, self.split, self._width = browser, split, self.size.width
        self.numbers = range(browser.splits[split]) if numbers is None else numbers
        bar = self.query_one(SplitBar)
        bar.splits, bar.current, bar.row = browser.splits, split, row
        columns = browser.columns(split)
        self.query_one("#columns", Static).update(_types(columns))
        damage = self.query_one("#damage", Static)
        damages = browser.damages.get(split, [])
        damage.update(damage_line(damages))
        damage.display = bool(damages)
        names = [visible(column.name) for column in columns]
        read = partial(read_page, browser, split, numbers)
        table = RowTable(names, self.rows, first, read, self.screen.size.width - 1, numbers)
        table.mark(self.marked)
        holder = self.query_one("#rows")
        async with self.batch():
            await holder.remove_children()
            await holder.mount(table)
        # Not before it is laid out: only then it scrolls to its cursor.
        table.call_after_refresh(self.move_to, row)

    def focus_rows(self) -> None:
        """Put the focus on the rows, and the line below them away."""
        self.query_one(QueryLine).close()
        if self.table is not None:
            self.table.focus()

    def move_to(self, row: int) -> None:
        """Put the cursor on a row, or on the next one that is shown; beyond the end on the last."""
        if self.table is not None and self.rows:
            self.table.move_cursor(row=max(0, min(self.rows - 1, bisect_left(self.numbers, row))))

    def mark(self, pattern: re.Pattern[str] | None) -> None:
        """Mark this in the cells, or nothing any more."""
        self.marked = pattern
        if self.table is not None:
            self.table.mark(pattern)
            self.preview(self.row)

    @work(exclusive=True, group="split")
    async def show_rows(self, split: str, row: int = 0, numbers: Sequence[int] | None = None) -> None:
        """Read the first page of a split, or of some rows of it, and show it."""
        assert self.browser is not None
        first = await asyncio.to_thread(first_page, self.browser, split, numbers)
        await self.show(self.browser, split, first, row, numbers)
        if not self.asks:
            self.focus_rows()
        self.post_message(self.RowChanged())

    def on_resize(self) -> None:
        """Lay the columns out for another width."""
        if self.table is not None and self.size.width != self._width and self.size.width:
            whole = isinstance(self.numbers, range)
            self.show_rows(self.split, self.row, None if whole else self.numbers)

    def on_data_table_row_highlighted(self, event: RowTable.RowHighlighted) -> None:
        event.stop()
        self.query_one(SplitBar).row = self.row
        self.post_message(self.RowChanged())
        self.preview(self.row)

    @work(exclusive=True, group="preview")
    async def preview(self, index: int) -> None:
        """Show the whole row below the table, where there is room."""
        if self.browser is None or not self.rows or not self.query_one("#preview").display:
            return
        row = await asyncio.to_thread(self.browser.row, self.split, index)
        self.query_one("#preview").border_title = f"row {index:,}"
        self.query_one("#preview > RowText", RowText).show(self.browser.columns(self.split), row, self.marked)


def first_page(browser: Browser, split: str, numbers: Sequence[int] | None = None) -> Page:
    """The rows that a RowTable begins with. Blocking; imports the table's library."""
    from tui.widgets.row_table import PAGE

    return read_page(browser, split, numbers, 0, PAGE)


def read_page(browser: Browser, split: str, numbers: Sequence[int] | None, start: int, count: int) -> Page:
    """Rows of a split, or of the given rows of it. Blocking."""
    return browser.page(split, start, count) if numbers is None else browser.pick(split, numbers[start : start + count])


def damage_line(damages: Sequence[Damage]) -> Content:
    """What is wrong with the files of the split: the first of it."""
    if not damages:
        return Content("")
    first, more = damages[0], len(damages) - 1
    rows = f" (row {first.rows[0]:,}{', …' if len(first.rows) > 1 else ''})" if first.rows else ""
    said = f"! {one_line(first.place, 60)}: {first.said}{rows}"
    return Content.styled(f"{said}; i says what else" if more else said, "$warning")


def _types(columns: Sequence[Column]) -> Content:
    """Names and types on a line, with the names of classes."""
    return Content("  ").join(
        Content.assemble(
            one_line(column.name, 40),
            (f" {one_line(column.type, 30)}", "$text-muted"),
            (f" {one_line(', '.join(column.classes), 40)}" if column.classes else "", "$text-muted"),
        )
        for column in columns[:MOST_TYPES]
    )
