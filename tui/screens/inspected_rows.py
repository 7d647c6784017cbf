"""Rows under a tokenizer or two, and text that is being typed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import on, work

from core.errors import FinetuiError
from tui import inspection_words as words
from tui.screens.inspected import InspectedScreen
from tui.screens.path_dialog import PathDialog
from tui.text import visible
from tui.widgets.text_pane import TextPane
from tui.widgets.token_page import TokenPage
from tui.widgets.token_table import TokenTable

if TYPE_CHECKING:
    from core.inspection.lens import Lens
    from core.inspection.view import TokenView
    from tui.token_reader import TokenReader


class InspectedRowsScreen(InspectedScreen):
    """The part of the inspector that shows one row, or what is typed in its place."""

    def __init__(self, reader: TokenReader, split: str) -> None:
        super().__init__(reader, split)
        self._row = 0
        self._window = 0
        self._elements: list[list[TokenView]] = []
        self._beside: Lens | None = None
        self._typed: str | None = None
        self._columns = ""

    @property
    def page(self) -> TokenPage:
        return self.query_one(TokenPage)

    @property
    def view(self) -> TokenView | None:
        """The element that is shown, under the first tokenizer."""
        return self._elements[0][self._window] if self._elements else None

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

    def action_window(self) -> None:
        """The next of the elements that the row became."""
        self._window = (self._window + 1) % len(self._elements[0])
        self._draw()

    def type_text(self) -> None:
        """Let a text be typed; it begins with that of the row."""
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
