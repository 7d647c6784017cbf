"""One row with the whole of its text."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.text import visible
from tui.widgets.long_text import LongText, Piece

if TYPE_CHECKING:
    from core.data.browse import Browser


class RowDialog(ModalScreen[int]):
    """Up and down scroll, left and right go to the row before and after. Its result is the row that was shown last.

    Args:
        numbers: the rows to go through; `place` is the place of the first one to show in them.
        marked: what is marked in the texts.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "close", show=False),
        Binding("left,h", "go(-1)", show=False, priority=True),
        Binding("right,l", "go(1)", show=False, priority=True),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]
    DEFAULT_CSS = """
    RowDialog {
        background: $background;
        & #row-box { border: round $primary; padding: 0 1; height: 1fr; }
        & #row-keys { height: 1; padding: 0 1; color: $text-muted; background: $panel; }
    }
    """

    def __init__(
        self,
        browser: Browser,
        split: str,
        numbers: Sequence[int],
        place: int,
        marked: re.Pattern[str] | None = None,
    ) -> None:
        super().__init__()
        self._browser = browser
        self._split = split
        self._numbers = numbers
        self._place = place
        self._marked = marked

    def compose(self) -> ComposeResult:
        with Vertical(id="row-box"):
            yield LongText()
        yield Static(Content("↑ ↓ PgUp PgDn scroll   ← → row before, row after   Esc back"), id="row-keys")

    def on_mount(self) -> None:
        self.query_one(LongText).focus()
        self.read_row()

    @work(exclusive=True)
    async def read_row(self) -> None:
        index = int(self._numbers[self._place])
        row = await asyncio.to_thread(self._browser.row, self._split, index)
        of = self._browser.splits[self._split]
        shown = f" · {self._place + 1:,} of {len(self._numbers):,} shown" if len(self._numbers) < of else ""
        self.query_one("#row-box").border_title = Content(f"{self._split} · row {index:,} of {of:,}{shown}")
        pieces: list[Piece] = []
        for column in self._browser.columns(self._split):
            pieces += [
                ("title", visible(column.name)),
                ("quiet", visible(column.type)),
                ("text", visible(row[column.name], keep="\n") + "\n"),
            ]
        self.query_one(LongText).show(pieces, self._marked)

    def action_go(self, by: int) -> None:
        self._place = max(0, min(len(self._numbers) - 1, self._place + by))
        self.read_row()

    def action_close(self) -> None:
        self.dismiss(int(self._numbers[self._place]))
