"""Data: open it, look at its splits, columns and rows, and at the tokens of a row."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import ContentSwitcher, Input, Static

from core.errors import FinetuiError
from tui import keys, recent
from tui.screens.base import FinetuiScreen
from tui.screens.path_dialog import PathDialog
from tui.screens.row_dialog import RowDialog
from tui.text import one_line, visible
from tui.widgets.open_data import OpenData
from tui.widgets.row_text import RowText
from tui.widgets.split_bar import SplitBar
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from core.data.browse import Browser
    from tui.screens.configure import ConfigureScreen
    from tui.token_reader import TokenReader
    from tui.widgets.row_table import RowTable

NEEDS_DATA = ("row", "goto", "split", "tokens", "model", "train")


class DatasetsScreen(FinetuiScreen):
    """Two pages: one that asks what to open, one that shows it."""

    MODE = "datasets"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("datasets")
    CSS_PATH = "datasets.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.browser: Browser | None = None
        self._ref = ""
        self._split = ""
        self._model = ""
        self._reader: TokenReader | None = None

    def compose_body(self) -> ComposeResult:
        yield StatusLine("no data is open")
        with ContentSwitcher(initial="open"):
            yield OpenData(id="open")
            with Vertical(id="browse"):
                yield SplitBar()
                yield Static(id="columns")
                yield Vertical(id="rows")
                with VerticalScroll(id="preview", classes="pane", can_focus=False):
                    yield RowText()
                yield Input(id="goto", placeholder="row number", type="integer", compact=True)

    async def on_mount(self) -> None:
        self.query_one("#preview").border_title = "row"
        asking = self.query_one(OpenData)
        asking.focus_first()
        asking.show_recent(await asyncio.to_thread(recent.load))

    @property
    def status(self) -> StatusLine:
        return self.query_one(StatusLine)

    @property
    def table(self) -> RowTable | None:
        found = self.query("#rows > *")
        return found.first() if found else None  # type: ignore[return-value]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "close":
            return (self._asking and self.browser is not None) or self._going
        if action in NEEDS_DATA:
            return self.browser is not None and not self._asking
        return super().check_action(action, parameters)

    @property
    def _asking(self) -> bool:
        return self.query_one(ContentSwitcher).current == "open"

    @property
    def _going(self) -> bool:
        return bool(self.query_one("#goto").display)

    # opening

    def action_open(self) -> None:
        """Ask what to open; what was typed last stands there still."""
        self.query_one(ContentSwitcher).current = "open"
        self.query_one(OpenData).focus_first()
        self.refresh_bindings()

    def action_close(self) -> None:
        """Back to the rows."""
        self.query_one(ContentSwitcher).current = "browse"
        self.query_one("#goto").display = False
        if self.table is not None:
            self.table.focus()
        self.refresh_bindings()

    @on(OpenData.Wanted)
    def open_wanted(self, event: OpenData.Wanted) -> None:
        self.open_data(event.ref, event.subset)

    @work(exclusive=True, group="open")
    async def open_data(self, ref: str, subset: str = "") -> None:
        """Open data and show its first rows; what was open stays if that fails."""
        self.status.busy = f"opening {ref} {subset}".rstrip()
        try:
            browser = await asyncio.to_thread(_open, ref, subset)
            refs = await asyncio.to_thread(_remember, ref, subset)
            self.browser, self._ref, self._reader = browser, ref, None
            await self._show_split(browser.data.train_split)
        except FinetuiError as error:
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
        self.query_one(OpenData).show_recent(refs)
        self.status.text = " ".join(part for part in (visible(ref), visible(subset)) if part)
        self.action_close()

    # rows

    @work(exclusive=True, group="split")
    async def show_split(self, split: str) -> None:
        await self._show_split(split)
        self.action_close()

    async def _show_split(self, split: str) -> None:
        assert self.browser is not None
        browser, self._split = self.browser, split
        bar = self.query_one(SplitBar)
        bar.splits, bar.current, bar.row = browser.splits, split, 0
        columns = browser.columns(split)
        line = Content("  ").join(
            Content.assemble(one_line(column.name, 40), (f" {one_line(column.type, 30)}", "$text-muted"))
            for column in columns[:50]
        )
        self.query_one("#columns", Static).update(line)
        make, first = await asyncio.to_thread(_first_page, browser, split)
        names = [visible(column.name) for column in columns]
        table = make(names, browser.splits[split], first, partial(browser.page, split), self.size.width - 1)
        table.id = "table"
        holder = self.query_one("#rows")
        async with self.batch():
            await holder.remove_children()
            await holder.mount(table)

    def action_split(self, by: int) -> None:
        """Show the next or previous split."""
        assert self.browser is not None
        names = list(self.browser.splits)
        self.show_split(names[(names.index(self._split) + by) % len(names)])

    def on_data_table_row_highlighted(self, event: RowTable.RowHighlighted) -> None:
        self.query_one(SplitBar).row = event.cursor_row
        if self.has_class("-high"):
            self.preview(event.cursor_row)

    @work(exclusive=True, group="preview")
    async def preview(self, index: int) -> None:
        """Show the whole row below the table."""
        if self.browser is None or not self.browser.splits[self._split]:
            return
        row = await asyncio.to_thread(self.browser.row, self._split, index)
        self.query_one("#preview").border_title = f"row {index:,}"
        self.query_one("#preview > RowText", RowText).show(self.browser.columns(self._split), row)

    def action_row(self) -> None:
        """Show the whole row."""
        if self.browser is not None and self.table is not None and self.browser.splits[self._split]:
            self.app.push_screen(RowDialog(self.browser, self._split, self.table.cursor_row), self._move_to)

    def action_goto(self) -> None:
        """Ask for a row number."""
        line = self.query_one("#goto", Input)
        line.value = ""
        line.display = True
        line.focus()
        self.refresh_bindings()

    @on(Input.Submitted, "#goto")
    def go_to(self, event: Input.Submitted) -> None:
        if event.value.lstrip("-").isdigit():
            self._move_to(int(event.value))
        self.action_close()

    def _move_to(self, index: int | None) -> None:
        if index is not None and self.table is not None and self.browser is not None:
            self.table.move_cursor(row=max(0, min(self.browser.splits[self._split] - 1, index)))

    # tokens and training

    def action_tokens(self) -> None:
        """Show the tokens of the row, under the model on the form or one that is asked for."""
        model = self._model or str(self._described().get("model", {}).get("id", ""))
        if model:
            self.read_tokens(model)
        else:
            self.action_model()

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
        if self.browser is None or self.table is None:
            return
        described = self._described()
        self.status.busy = f"loading the tokenizer of {model}"
        try:
            if self._reader is None or self._reader.model != model or self._reader.described != described:
                self._reader = await asyncio.to_thread(_reader, self.browser, model, described)
        except FinetuiError as error:
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
        from tui.screens.tokens_dialog import TokensDialog

        rows = self.browser.splits[self._split]
        await self.app.push_screen(TokensDialog(self._reader, self._split, self.table.cursor_row, rows), self._move_to)

    def action_train(self) -> None:
        """Configure a run on this data."""
        assert self.browser is not None
        self.finetui.configure(data=self.browser.data)

    def _described(self) -> dict[str, Any]:
        """What stands on the form of Configure, if it was ever shown."""
        try:
            form: ConfigureScreen = self.app.get_screen_stack("configure")[0]  # type: ignore[assignment]
        except KeyError:
            return {}
        return form.described()


def _open(ref: str, subset: str) -> Browser:
    from core.data.browse import Browser

    return Browser.open(ref, subset or None)


def _remember(ref: str, subset: str) -> list[str]:
    from core.config_file import is_local

    lasting = str(Path(ref).expanduser().absolute()) if is_local(ref) else ref
    return recent.add(f"{lasting}\t{subset}" if subset else lasting)


def _first_page(browser: Browser, split: str) -> tuple[type[RowTable], list[list[str]]]:
    # The table's library brings pyarrow: it is imported here, in the thread.
    from tui.widgets.row_table import PAGE, RowTable

    return RowTable, browser.page(split, 0, PAGE)


def _reader(browser: Browser, model: str, described: dict[str, Any]) -> TokenReader:
    from tui.token_reader import TokenReader

    return TokenReader(browser, model, described)
