"""The rows of a dataset on the screen: go to one, search them, show only some of them, write them to a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work

from core.data.chunks import Cancelled, Watch
from core.errors import FinetuiError
from tui.hits import Hits
from tui.passes import Passes
from tui.screens.base import FinetuiScreen
from tui.screens.path_dialog import PathDialog
from tui.screens.row_dialog import RowDialog
from tui.text import visible
from tui.widgets.data_view import DataView
from tui.widgets.query_line import QueryLine
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from datasets import Dataset

    from core.data.browse import Browser
    from core.data.search import Rows


class DatasetRowsScreen(FinetuiScreen):
    """What can be done with rows; the screen that opens data and shows them is made of it."""

    def __init__(self) -> None:
        super().__init__()
        self._view = DataView(id="view")
        self._passes = Passes(StatusLine("no data is open"))
        self._filter = ""
        self._hits: Hits | None = None

    @property
    def status(self) -> StatusLine:
        return self._passes.status

    @property
    def browser(self) -> Browser:
        """The data that is open; what needs it cannot be asked for without."""
        assert self._view.browser is not None
        return self._view.browser

    # rows

    def action_split(self, by: int) -> None:
        """Show the next or previous split."""
        names = list(self.browser.splits)
        self._drop_filter()
        self._view.show_rows(names[(names.index(self._view.split) + by) % len(names)])

    def action_row(self) -> None:
        """Show the whole row."""
        if self._view.rows:
            view = self._view
            self.app.push_screen(
                RowDialog(self.browser, view.split, view.numbers, view.place, view.marked), self._left_at
            )

    def _left_at(self, row: int | None) -> None:
        if row is not None:
            self._view.move_to(row)

    def action_goto(self) -> None:
        """Ask for a row number."""
        self._view.query_one(QueryLine).open("goto")
        self.refresh_bindings()

    def on_data_view_row_changed(self) -> None:
        self._say_what_is_shown()

    # search and filter

    def action_search(self) -> None:
        """Ask for a text to search for."""
        self._view.query_one(QueryLine).open("search")
        self.refresh_bindings()

    def action_filter(self) -> None:
        """Ask for a filter."""
        self._view.query_one(QueryLine).open("filter")
        self.refresh_bindings()

    def on_query_line_answered(self, event: QueryLine.Answered) -> None:
        match event.kind:
            case "goto":
                if event.text.isdigit():
                    self._view.move_to(int(event.text))
                self._view.focus_rows()
            case "search":
                self.search(event.text)
            case "filter":
                self.filter(event.text)
        self.refresh_bindings()

    @work(exclusive=True, group="pass")
    async def search(self, text: str) -> None:
        """Find the rows that hold a text, among those that are shown, and go to the next one."""
        self._leave_search()
        if text:
            view, line = self._view, self._view.query_one(QueryLine)
            rows = self.browser.rows(view.split)
            shown = None if isinstance(view.numbers, range) else view.numbers
            try:
                hits = await self._passes.run(f"searching {text}", partial(_search, rows, text, shown))
            except Cancelled:
                line.complain("the search was stopped")
                return
            if not hits.rows:
                line.complain(f"no row that is shown holds {text}")
                return
            self._hits = hits
            view.mark(hits.pattern)
            view.move_to(hits.at_or_after(view.row))
        self._view.focus_rows()
        self._say_what_is_shown()
        self.refresh_bindings()

    def action_hit(self, by: int) -> None:
        """Go to the next or previous row that holds what was searched for; after the last comes the first."""
        if self._hits is not None:
            self._view.move_to(self._hits.beside(self._view.row, by))

    def _leave_search(self) -> None:
        if self._hits is not None:
            self._hits = None
            self._view.mark(None)
        self._say_what_is_shown()

    @work(exclusive=True, group="pass")
    async def filter(self, text: str) -> None:
        """Show only the rows that a filter holds for; an empty one shows all."""
        view, line = self._view, self._view.query_one(QueryLine)
        numbers = None
        if text:
            try:
                run = partial(_filter, self.browser.rows(view.split), text)
                numbers = await self._passes.run("filtering", run)
            except Cancelled:
                line.complain("the filter was stopped; all that was shown is shown still")
                return
            except FinetuiError as error:
                place = getattr(error, "place", None)
                line.complain("; ".join(part for part in (error.title, error.detail, error.hint) if part), place)
                return
            if not len(numbers):
                line.complain("it holds for no row; all that was shown is shown still")
                return
        row = view.row
        self._drop_filter()
        self._filter = text
        line.close()
        view.show_rows(view.split, row, numbers)
        self.refresh_bindings()

    def _drop_filter(self) -> None:
        self._filter = ""
        self._leave_search()

    def _say_what_is_shown(self) -> None:
        """At the right of the status line: how many rows a filter lets through, at which hit the cursor is."""
        view, parts = self._view, []
        if self._filter:
            parts.append(f"filter: {view.rows:,} of {self.browser.splits[view.split]:,} rows")
        if self._hits is not None:
            parts.append(self._hits.said(view.row))
        self.status.aside = " · ".join(parts)

    # the rows in a file

    def action_export(self) -> None:
        """Ask where to write the rows that are shown."""
        name = f"{self._view.split}{'-filtered' if self._filter else ''}.jsonl"
        title = f"Write {self._view.rows:,} rows where?"
        self.app.push_screen(PathDialog(title, "write", ".jsonl or .parquet", name, writes=True), self._export_to)

    def _export_to(self, name: str | None) -> None:
        if name:
            self.export(name)

    @work(exclusive=True, group="pass")
    async def export(self, name: str) -> None:
        """Write the rows that are shown. The dialog has asked whether a file that is there is replaced."""
        view = self._view
        shown = None if isinstance(view.numbers, range) else view.numbers
        path = Path(name).expanduser()
        try:
            run = partial(_export, self.browser.rows(view.split), path, shown)
            await self._passes.run(f"writing {path.name}", run)
        except Cancelled:
            self.notify(f"{visible(path.name)} was not written", markup=False)
            return
        except FinetuiError as error:
            self.finetui.show_error(error)
            return
        self.notify(f"{view.rows:,} rows in {visible(str(path))}", title="written", markup=False)


def _search(rows: Dataset, text: str, shown: Sequence[int] | None, watch: Watch) -> Hits:
    from core.data.search import search

    found = search(rows, text, watch=watch)
    if shown is not None:
        import numpy as np

        found = np.intersect1d(found, np.asarray(shown), assume_unique=True)
    return Hits(text, found.tolist())


def _filter(rows: Dataset, text: str, watch: Watch) -> Rows:
    from core.data.filters import Filter

    return Filter(text, rows).rows(rows, watch)


def _export(rows: Dataset, path: Path, shown: Sequence[int] | None, watch: Watch) -> None:
    from core.data.export import export

    export(rows, path, shown, watch, replace=True)
