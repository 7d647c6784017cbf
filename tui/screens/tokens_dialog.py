"""What the tokenizer and the task make of a row, token by token."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from core.errors import FinetuiError
from tui.screens.dialogs import ErrorDialog
from tui.text import visible
from tui.widgets.row_table import RowTable
from tui.widgets.status_line import StatusLine
from tui.widgets.token_strip import TokenStrip

if TYPE_CHECKING:
    from core.tokens import Token
    from tui.token_reader import Reading, TokenReader

WIDEST = 70
"""Cells of the table: further apart the eye loses the line."""
COLUMNS = ("token", "id", "special", "segment", "mask", "label")


class TokensDialog(ModalScreen[int]):
    """Up and down go through the tokens, left and right through the rows. Its result is the row that was shown last."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,t,q", "close", show=False),
        Binding("left,h", "go(-1)", show=False, priority=True),
        Binding("right,l", "go(1)", show=False, priority=True),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012
    DEFAULT_CSS = """
    TokensDialog {
        &.-high TokenStrip { max-height: 12; }
        background: $background;
        & #tokens-note { height: 1; padding: 0 1; color: $text-muted; }
        & TokenStrip { margin: 1 0; }
        & #tokens-table { height: 1fr; }
        & #tokens-keys { height: 1; padding: 0 1; color: $text-muted; background: $panel; }
        & RowTable { height: 1fr; }
    }
    """

    def __init__(self, reader: TokenReader, split: str, index: int, rows: int) -> None:
        super().__init__()
        self._reader = reader
        self._split = split
        self._index = index
        self._rows = rows

    def compose(self) -> ComposeResult:
        yield StatusLine()
        yield Static(id="tokens-note")
        yield TokenStrip()
        yield Vertical(id="tokens-table")
        yield Static(Content("↑ ↓ token   ← → row before, row after   Esc back"), id="tokens-keys")

    def on_mount(self) -> None:
        self.read_row()

    @work(exclusive=True)
    async def read_row(self) -> None:
        status = self.query_one(StatusLine)
        status.busy = "tokenizing"
        try:
            reading = await asyncio.to_thread(self._reader.read, self._split, self._index)
        except FinetuiError as error:
            self.app.push_screen(ErrorDialog(error))
            return
        finally:
            status.busy = ""
        await self._show(reading)

    async def _show(self, reading: Reading) -> None:
        view = reading.view
        count = f"{len(view.tokens):,} tokens" + (f", {view.truncated:,} more cut off" if view.truncated else "")
        label = f" · label {view.label}" if view.label else ""
        model = self._reader.model.rstrip("/").rpartition("/")[2]
        place = f"{self._split} row {self._index:,} of {self._rows:,}"
        self.query_one(StatusLine).text = f"{place} · {model} · {count}{label}"
        self.query_one("#tokens-note", Static).update(Content(visible(reading.note)))
        strip = self.query_one(TokenStrip)
        strip.current = 0
        strip.show(view.tokens)
        cells = [_cells(token) for token in view.tokens]
        holder = self.query_one("#tokens-table")
        table = RowTable(
            COLUMNS,
            len(cells),
            cells[:100],
            lambda start, number: cells[start : start + number],
            min(WIDEST, self.size.width - 1),
        )
        async with self.batch():
            await holder.remove_children()
            await holder.mount(table)
        table.focus()

    @on(RowTable.RowHighlighted)
    def light_token(self, event: RowTable.RowHighlighted) -> None:
        self.query_one(TokenStrip).current = event.cursor_row

    def action_go(self, by: int) -> None:
        self._index = max(0, min(self._rows - 1, self._index + by))
        self.read_row()

    def action_close(self) -> None:
        self.dismiss(self._index)


def _cells(token: Token) -> list[str]:
    return [
        visible(token.piece),
        str(token.id),
        "special" if token.special else "",
        str(token.segment),
        "1" if token.attended else "0",
        visible(token.label),
    ]
