"""Data: open it, look at its splits, columns and rows, and at the tokens of a row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import ContentSwitcher

from core.data.chunks import Cancelled, Watch
from core.errors import FinetuiError
from tui import keys, recent, warm_up
from tui.figures import size
from tui.hits import Hits
from tui.passes import Passes
from tui.screens.about_dialog import AboutDialog
from tui.screens.base import FinetuiScreen
from tui.screens.path_dialog import PathDialog
from tui.screens.row_dialog import RowDialog
from tui.text import visible
from tui.widgets.data_view import DataView, first_page
from tui.widgets.open_data import OpenData
from tui.widgets.query_line import QueryLine
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from datasets import Dataset

    from core.data.browse import Browser
    from core.data.search import Rows
    from tui.screens.configure import ConfigureScreen
    from tui.token_reader import TokenReader
    from tui.widgets.row_table import Page

NEEDS_DATA = ("row", "goto", "search", "filter", "statistics", "export", "about", "split", "tokens", "model", "train")


class DatasetsScreen(FinetuiScreen):
    """Two pages: one that asks what to open, one that shows it."""

    MODE = "datasets"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("datasets")
    CSS_PATH = "datasets.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._view = DataView(id="view")
        self._asking = True
        self._model = ""
        self._reader: TokenReader | None = None
        self._passes = Passes(StatusLine("no data is open"))
        self._filter = ""
        self._hits: Hits | None = None
        self._read_for: tuple[str, dict[str, Any]] = "", {}

    def compose_body(self) -> ComposeResult:
        yield self.status
        with ContentSwitcher(initial="open"):
            yield OpenData(id="open")
            yield self._view

    async def on_mount(self) -> None:
        asking = self.query_one(OpenData)
        asking.focus_first()
        asking.show_recent(await asyncio.to_thread(recent.load))

    @property
    def status(self) -> StatusLine:
        return self._passes.status

    @property
    def browser(self) -> Browser:
        """The data that is open; what needs it cannot be asked for without."""
        assert self._view.browser is not None
        return self._view.browser

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        has_data = self._view.browser is not None
        if action == "close":
            left = self._asking or self._view.asks or self._hits is not None or self._filter
            return self._passes.goes or (has_data and bool(left))
        if action == "hit":
            return self._hits is not None and not self._asking and not self._view.asks
        if action in NEEDS_DATA:
            return has_data and not self._asking and not self._view.asks
        return super().check_action(action, parameters)

    # opening

    def action_open(self) -> None:
        """Ask what to open; what was typed last stands there still."""
        self._asking = True
        self.query_one(ContentSwitcher).current = "open"
        self.query_one(OpenData).focus_first()
        self.refresh_bindings()

    def action_close(self) -> None:
        """One step back: from a search that goes on, a line to type in, the hits of a search, a filter."""
        if self._passes.goes:
            self._passes.cancel()
        elif self._asking:
            self._show_view()
        elif self._view.asks:
            self._view.focus_rows()
        elif self._hits is not None:
            self._leave_search()
        else:
            self._drop_filter()
            self._view.show_rows(self._view.split, self._view.row)
        self.refresh_bindings()

    def _show_view(self) -> None:
        self._asking = False
        self.query_one(ContentSwitcher).current = "view"
        self._view.focus_rows()

    @on(OpenData.Wanted)
    def open_wanted(self, event: OpenData.Wanted) -> None:
        self.open_data(event.ref, event.subset)

    @work(exclusive=True, group="open")
    async def open_data(self, ref: str, subset: str = "") -> None:
        """Open data and show its first rows; what was open stays if that fails."""
        self.status.busy = f"opening {ref} {subset}".rstrip()
        try:
            browser, first = await asyncio.to_thread(_open, ref, subset)
            refs = await asyncio.to_thread(_remember, ref, subset)
        except FinetuiError as error:
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
        self._reader = None
        self._drop_filter()
        await self._view.show(browser, browser.data.train_split, first)
        self.query_one(OpenData).show_recent(refs)
        named = " ".join(part for part in (visible(ref), visible(subset)) if part)
        self.status.text = f"{named} · {size(browser.size)} on disk"
        self._show_view()
        self.refresh_bindings()

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

    # what the data is, and the rows in a file

    def action_about(self) -> None:
        """Show where the data lies, how large it is, and all of its columns."""
        self.app.push_screen(AboutDialog(self.browser, self.status.text))

    def action_statistics(self) -> None:
        """Count labels, lengths and duplicates of the rows that are shown."""
        from tui.screens.statistics_dialog import StatisticsDialog

        view, waits = self._view, self.finetui.live is not None
        shown = None if isinstance(view.numbers, range) else view.numbers
        dialog = StatisticsDialog(self.browser, view.split, shown, self._tokenizer(), self._described(), waits)
        self.app.push_screen(dialog)

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

    # tokens and training

    def action_tokens(self) -> None:
        """Show the tokens of the row, under the model on the form or one that is asked for."""
        model = self._tokenizer()
        if model:
            self.read_tokens(model)
        else:
            self.action_model()

    def _tokenizer(self) -> str:
        """The model whose tokenizer was chosen, or that stands on the form; empty where neither is."""
        return self._model or str(self._described().get("model", {}).get("id", ""))

    def action_model(self) -> None:
        """Ask for another tokenizer."""
        dialog = PathDialog("Tokens under which model?", "show", "Hub id or folder", self._model)
        self.app.push_screen(dialog, self._model_chosen)

    def _model_chosen(self, model: str | None) -> None:
        if model:
            self._model = model
            self.read_tokens(model)

    @work(exclusive=True, group="tokens")
    async def read_tokens(self, model: str) -> None:
        """Load the tokenizer and show the row's tokens."""
        if not self._view.rows:
            return
        described = self._described()
        self.status.busy = f"loading the tokenizer of {model}"
        try:
            if self._reader is None or self._read_for != (model, described):
                self._reader = await asyncio.to_thread(_reader, self.browser, model, described)
                self._read_for = model, described
        except FinetuiError as error:
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
        from tui.screens.inspector import InspectorScreen

        screen = InspectorScreen(self.MODE, self._reader, self._view.split, self._view.row, self._left_at)
        await self.app.push_screen(screen)

    def action_train(self) -> None:
        """Configure a run on this data."""
        self.finetui.configure(data=self.browser.data)

    def _described(self) -> dict[str, Any]:
        """What stands on the form of Configure, if it was ever shown."""
        try:
            form: ConfigureScreen = self.app.get_screen_stack("configure")[0]  # type: ignore[assignment]
        except (KeyError, IndexError):
            return {}
        return form.described()


def _open(ref: str, subset: str) -> tuple[Browser, Page]:
    from core.data.browse import Browser

    browser = Browser.open(ref, subset or None)
    return browser, first_page(browser, browser.data.train_split)


def _remember(ref: str, subset: str) -> list[str]:
    from core.config_file import is_local

    lasting = str(Path(ref).expanduser().absolute()) if is_local(ref) else ref
    return recent.add(f"{lasting}\t{subset}" if subset else lasting)


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


def _reader(browser: Browser, model: str, described: dict[str, Any]) -> TokenReader:
    warm_up.wait()
    from tui import token_reader

    return token_reader.of_data(browser, model, described)
