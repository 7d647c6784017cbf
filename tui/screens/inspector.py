"""What the model sees of the data: tokens, labels, a table of both, whole batches; and text that is being typed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Input

from core.errors import FinetuiError
from tui import inspection_words as words
from tui import keys
from tui.screens.base import FinetuiScreen
from tui.screens.path_dialog import PathDialog
from tui.text import visible
from tui.widgets.batch_page import BatchPage
from tui.widgets.header import HeaderLine
from tui.widgets.page_bar import PageBar
from tui.widgets.status_line import StatusLine
from tui.widgets.text_pane import TextPane
from tui.widgets.token_page import TokenPage
from tui.widgets.token_table import TokenTable

if TYPE_CHECKING:
    from core.inspection.batch import Batch
    from core.inspection.batches import Batches
    from core.inspection.padding import Padding
    from core.inspection.lens import Lens
    from core.inspection.view import TokenView
    from tui.token_reader import TokenReader

PAGES = {"1": "tokens", "2": "labels", "3": "table", "4": "batch"}


FEW = 2000
"""Rows whose padding is counted unasked: a moment's work."""


class Left(Exception):
    """Nobody waits any more for what is being counted."""


class InspectorScreen(FinetuiScreen):
    """Stands over the screen that opened it.

    Args:
        mode: that screen.
        reader: what is inspected.
        split, row: where to begin.
        left_at: told the row that was shown last.
    """

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("inspector")
    CSS_PATH = "inspector.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    WHERE = "inspector"

    def __init__(
        self,
        mode: keys.Mode,
        reader: TokenReader,
        split: str,
        row: int = 0,
        left_at: Callable[[int], None] = lambda row: None,
    ) -> None:
        super().__init__()
        self._mode = mode
        self._reader = reader
        self._split = split
        self._row = row
        self._left_at = left_at
        self._page = "tokens"
        self._window = 0
        self._elements: list[list[TokenView]] = []
        self._beside: Lens | None = None
        self._typed: str | None = None
        self._batches: Batches | None = None
        self._batch = 0
        self._columns = ""
        self._counted = False
        self._counting = False

    def header(self) -> HeaderLine:
        return HeaderLine(self._mode)

    def compose_body(self) -> ComposeResult:
        yield StatusLine()
        yield PageBar(PAGES, self._page)
        with ContentSwitcher(initial="tokens-page"):
            yield TokenPage(id="tokens-page")
            with Vertical(id="table-page"):
                yield TokenTable()
            yield BatchPage(id="batch-page")
        yield Input(id="inspect-goto", placeholder="number", type="integer", compact=True)

    def on_mount(self) -> None:
        kind, _, self._columns = self._reader.note.partition(": ")
        self.query_one(PageBar).remark = kind
        self.page.first.focus()
        self.read_row()

    def on_unmount(self) -> None:
        self._counting = False

    @property
    def status(self) -> StatusLine:
        return self.query_one(StatusLine)

    @property
    def page(self) -> TokenPage:
        return self.query_one(TokenPage)

    @property
    def view(self) -> TokenView | None:
        """The element that is shown, under the first tokenizer."""
        return self._elements[0][self._window] if self._elements else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        on_batch = self._page == "batch"
        if action == "window":
            return not on_batch and bool(self._elements) and len(self._elements[0]) > 1
        if action in ("tensor", "padding"):
            return on_batch
        if action in ("type", "compare"):
            return not on_batch
        if action in ("go", "goto"):
            return on_batch or self._typed is None
        return super().check_action(action, parameters)

    # rows and texts

    @work(exclusive=True, group="row")
    async def read_row(self) -> None:
        """Show the row, under every tokenizer that is looked through."""
        self.status.busy = "tokenizing"
        try:
            elements = await asyncio.to_thread(self._read, self._split, self._row)
        except FinetuiError as error:
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
        self._elements = elements
        self._window = min(self._window, len(elements[0]) - 1)
        self._draw()

    def _read(self, split: str, row: int) -> list[list[TokenView]]:
        example = self._reader.example(split, row)
        return [lens.row(example) for lens in self._lenses]

    @on(TextPane.Typed)
    def tokenize_typed(self, event: TextPane.Typed) -> None:
        event.stop()
        self._typed = event.text
        self.read_typed(event.text)

    @work(exclusive=True, group="row")
    async def read_typed(self, text: str) -> None:
        """Show the tokens of a text; the last one that was typed wins."""
        self._elements = await asyncio.to_thread(lambda: [[lens.text(text)] for lens in self._lenses])
        self._window = 0
        if self._typed is not None:
            self._draw()

    @property
    def _lenses(self) -> list[Lens]:
        return [self._reader.lens, *([self._beside] if self._beside is not None else [])]

    def _draw(self) -> None:
        if not self._elements:
            return
        views = [elements[min(self._window, len(elements) - 1)] for elements in self._elements]
        names = [lens.name for lens in self._lenses]
        place = f"{visible(self._split)} row {self._row:,} of {self._reader.splits[self._split]:,}"
        place = "typed text" if self._typed is not None else place
        label = f" · label {visible(views[0].loss.row)}" if views[0].loss.row else ""
        cut = f" · ✂ {views[0].truncated:,} tokens cut off" if views[0].truncated else ""
        parts = f" · {words.window(views[0])}, w the next" if views[0].windows > 1 else ""
        self.status.text = f"{place}{label}{parts}{cut}"
        if self._page == "table":
            self.query_one(TokenTable).show(views[0])
        else:
            self.page.show(names, views, self._page == "labels", self._columns, self._typed is not None)
        self.refresh_bindings()

    # pages

    def action_page(self, name: str) -> None:
        """Show another page."""
        if name == self._page:
            return
        self._page = name
        self.query_one(PageBar).current = name
        place = {"table": "table-page", "batch": "batch-page"}.get(name, "tokens-page")
        self.query_one(ContentSwitcher).current = place
        if name == "batch":
            self.query_one(BatchPage).grid.focus()
            self.read_batch()
        else:
            (self.query_one(TokenTable) if name == "table" else self.page.first).focus()
            self._draw()
        self.refresh_bindings()

    def action_go(self, by: int) -> None:
        """The row or batch before or after."""
        if self._page == "batch":
            self._batch = max(0, self._batch + by)
            self.read_batch()
            return
        row = max(0, min(self._reader.splits[self._split] - 1, self._row + by))
        if row != self._row:
            self._row, self._window = row, 0
            self.read_row()

    def action_window(self) -> None:
        """The next of the elements that the row became."""
        self._window = (self._window + 1) % len(self._elements[0])
        self._draw()

    def action_goto(self) -> None:
        """Ask for the number of a row or batch."""
        line = self.query_one("#inspect-goto", Input)
        line.value = ""
        line.display = True
        line.focus()

    @on(Input.Submitted, "#inspect-goto")
    def go_to(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave_goto()
        if event.value.isdigit():
            self.action_go(int(event.value) - (self._batch if self._page == "batch" else self._row))

    def _leave_goto(self) -> None:
        self.query_one("#inspect-goto").display = False
        self._focus_page()

    def _focus_page(self) -> None:
        found = {"table": self.query_one(TokenTable), "batch": self.query_one(BatchPage).grid}
        found.get(self._page, self.page.first).focus()

    # typing, and another tokenizer beside

    def action_type(self) -> None:
        """Type a text; it begins with that of the row."""
        if self._page == "table":
            self.action_page("tokens")
        texts = self.view.texts if self.view is not None else []
        self._typed = texts[0] if texts else ""
        self.page.pane.let_type(self._typed)
        self.read_typed(self._typed)
        self.refresh_bindings()

    def action_compare(self) -> None:
        """Ask for a second tokenizer, or put it away."""
        if self._beside is not None:
            self._beside = None
            self._show_again()
            return
        dialog = PathDialog("Which tokenizer beside it?", "show", "Hub id or folder")
        self.app.push_screen(dialog, self._beside_chosen)

    def _beside_chosen(self, model: str | None) -> None:
        if model:
            self.look_beside(model)

    @work(exclusive=True, group="beside")
    async def look_beside(self, model: str) -> None:
        """Load a second tokenizer and show its tokens beside the first one's."""
        self.status.busy = f"loading the tokenizer of {model}"
        try:
            self._beside = await asyncio.to_thread(self._reader.beside, model)
        except FinetuiError as error:
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
        self._show_again()

    def _show_again(self) -> None:
        if self._typed is not None:
            self.read_typed(self._typed)
        else:
            self.read_row()

    # batches

    @work(exclusive=True, group="batch")
    async def read_batch(self) -> None:
        """Show the batch; with the first one count the padding of the epoch, unless that takes long or a run trains."""
        self.status.busy = f"collating batch {self._batch:,}"
        try:
            batch = await asyncio.to_thread(self._collate, self._batch)
        except FinetuiError as error:
            self._batch = max(0, self._batch - 1)
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
        assert self._reader.inspector is not None
        self.status.text = f"{visible(batch.split)} · {visible(self._reader.lens.name)} · {words.batch_short(batch)}"
        piece = self._reader.lens.piece
        self.query_one(BatchPage).show(batch, piece)
        if not self._counted:
            self._counted = True
            if self._batches is not None and self._batches.total <= FEW and self.finetui.live is None:
                self.count_padding()
            else:
                self.query_one(BatchPage).say_padding("P counts the padding of the epoch")

    def _collate(self, number: int) -> Batch:
        if self._batches is None:
            self._batches = self._reader.batches(self._split)
        return self._batches.read(number)

    @work(exclusive=True, group="padding")
    async def count_padding(self) -> None:
        """Say what padding costs over the whole split, once all of it is tokenized."""
        page = self.query_one(BatchPage)
        page.say_padding("counting the padding of the epoch (Esc stops)")
        self._counting = True
        try:
            found = await asyncio.to_thread(self._count)
        except (Left, FinetuiError):
            if self.is_attached:
                page.say_padding("P counts the padding of the epoch")
            return
        finally:
            self._counting = False
        page.say_padding(words.padding(found))

    def _count(self) -> Padding:
        batches = self._reader.batches(self._split)
        total = batches.total

        def progress(done: int) -> None:
            if not self._counting:
                raise Left
            if done % 2000 == 0:
                self.app.call_later(self._say_counting, done, total)

        return batches.padding(progress)

    def _say_counting(self, done: int, total: int) -> None:
        if self.is_attached and self._counting:
            said = f"counting the padding of the epoch: {done:,} of {total:,} rows (Esc stops)"
            self.query_one(BatchPage).say_padding(said)

    def action_padding(self) -> None:
        """Count the padding of the epoch."""
        if not self._counting:
            self.count_padding()

    def action_tensor(self) -> None:
        """Show the next tensor of the batch."""
        self.query_one(BatchPage).next_tensor()

    def action_close(self) -> None:
        """One thing after another: the line for a number, what is counted, the typed text, the screen."""
        if self._counting:
            self._counting = False
        elif self.query_one("#inspect-goto").display:
            self._leave_goto()
        elif self._typed is not None:
            self._typed = None
            self._focus_page()
            self.read_row()
        else:
            self._left_at(self._row)
            self.dismiss()
