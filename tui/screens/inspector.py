"""What the model sees of the data: tokens, labels, a table of both, whole batches; and text that is being typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import ContentSwitcher, Input

from tui import keys
from tui.screens.inspected_batches import InspectedBatchesScreen
from tui.screens.inspected_rows import InspectedRowsScreen
from tui.widgets.batch_page import BatchPage
from tui.widgets.header import HeaderLine
from tui.widgets.page_bar import PageBar
from tui.widgets.status_line import StatusLine
from tui.widgets.token_page import TokenPage
from tui.widgets.token_table import TokenTable

if TYPE_CHECKING:
    from tui.token_reader import TokenReader

PAGES = {"1": "tokens", "2": "labels", "3": "table", "4": "batch"}


class InspectorScreen(InspectedRowsScreen, InspectedBatchesScreen):
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
        super().__init__(reader, split)
        self._mode = mode
        self._row = row
        self._left_at = left_at

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

    def action_type(self) -> None:
        """Type a text; it begins with that of the row."""
        if self._page == "table":
            self.action_page("tokens")
        self.type_text()

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
