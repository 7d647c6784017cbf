"""One row with the whole of its text."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.widgets.row_text import RowText

if TYPE_CHECKING:
    from core.data.browse import Browser


class RowDialog(ModalScreen[int]):
    """Up and down scroll, left and right go to the row before and after. Its result is the row that was shown last."""

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

    def __init__(self, browser: Browser, split: str, index: int) -> None:
        super().__init__()
        self._browser = browser
        self._split = split
        self._index = index

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="row-box"):
            yield RowText()
        yield Static(Content("↑ ↓ scroll   ← → row before, row after   Esc back"), id="row-keys")

    def on_mount(self) -> None:
        self.read_row()

    @work(exclusive=True)
    async def read_row(self) -> None:
        row = await asyncio.to_thread(self._browser.row, self._split, self._index)
        box = self.query_one("#row-box", VerticalScroll)
        box.border_title = Content(f"{self._split} · row {self._index:,} of {self._browser.splits[self._split]:,}")
        box.scroll_home(animate=False)
        self.query_one(RowText).show(self._browser.columns(self._split), row)

    def action_go(self, by: int) -> None:
        self._index = max(0, min(self._browser.splits[self._split] - 1, self._index + by))
        self.read_row()

    def action_close(self) -> None:
        self.dismiss(self._index)
