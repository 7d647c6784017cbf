"""Data: open it, look at its splits, columns and rows, and at the tokens of a row."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import ContentSwitcher

from core.errors import FinetuiError
from tui import keys, recent, warm_up
from tui.figures import size
from tui.screens.about_dialog import AboutDialog
from tui.screens.dataset_rows import DatasetRowsScreen
from tui.screens.path_dialog import PathDialog
from tui.text import visible
from tui.widgets.data_view import first_page
from tui.widgets.open_data import OpenData

if TYPE_CHECKING:
    from core.data.browse import Browser
    from tui.screens.configure import ConfigureScreen
    from tui.token_reader import TokenReader
    from tui.widgets.row_table import Page

NEEDS_DATA = ("row", "goto", "search", "filter", "statistics", "export", "about", "split", "tokens", "model", "train")


class DatasetsScreen(DatasetRowsScreen):
    """Two pages: one that asks what to open, one that shows it."""

    MODE = "datasets"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("datasets")
    CSS_PATH = "datasets.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._asking = True
        self._model = ""
        self._reader: TokenReader | None = None
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

    # what the data is

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
        """Configure a run on this data, with the model and the task that the inspector had of it."""
        self.finetui.configure(data=self.browser.data, seen=self._seen())

    def _seen(self) -> dict[str, Any]:
        """Plain data of a config: what the rows were last looked at as; empty where they were not."""
        if self._reader is None:
            return {}
        model, described = self._read_for
        # A tokenizer alone is no model to train: it does not take the place of one.
        takes_model = self._reader.inspector is not None or not described.get("model", {}).get("id")
        return {
            **({"task": self._reader.task} if self._reader.task else {}),
            **({"model": {"id": model}} if takes_model else {}),
        }

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

    lasting = str(Path(ref).expanduser().resolve()) if is_local(ref) else ref
    return recent.add(f"{lasting}\t{subset}" if subset else lasting)


def _reader(browser: Browser, model: str, described: dict[str, Any]) -> TokenReader:
    warm_up.wait()
    from tui import token_reader

    return token_reader.of_data(browser, model, described)
