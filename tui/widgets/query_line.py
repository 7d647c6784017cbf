"""The line below the rows: a row number, a text to search for, or a filter; and what was wrong with it."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui.text import one_line

Kind = Literal["goto", "search", "filter"]
HINTS: dict[Kind, str] = {
    "goto": "a row number; Enter goes there",
    "search": "a text in any column; case counts if you write upper case; then n next, N previous, Esc leaves",
    "filter": 'label = 1 and length(text) > 300 or not text contains "x"; also != < <= >= ~ (regex), null, ( )',
}
NAMES: dict[Kind, str] = {"goto": "row", "search": "search", "filter": "filter"}


class QueryLine(Vertical):
    """Closed until `open`. What was typed last for each kind stands there again."""

    DEFAULT_CSS = """
    QueryLine {
        display: none;
        height: auto;
        padding: 0 1;
        & #query { height: 1; border: none; padding: 0; }
        & #query-note { height: auto; max-height: 3; color: $text-muted; }
        &.wrong #query-note { color: $warning; }
    }
    """

    class Answered(Message):
        """Enter was pressed; the line stays open until `close`."""

        def __init__(self, kind: Kind, text: str) -> None:
            super().__init__()
            self.kind = kind
            self.text = text

    def __init__(self) -> None:
        super().__init__()
        self.kind: Kind | None = None
        self._typed: dict[Kind, str] = {}

    def compose(self) -> ComposeResult:
        yield Input(id="query", compact=True)
        yield Static(id="query-note")

    @property
    def line(self) -> Input:
        return self.query_one(Input)

    def open(self, kind: Kind) -> None:
        """Ask for this."""
        self.kind, self.display = kind, True
        self.line.placeholder = NAMES[kind]
        self.line.restrict = r"[0-9]*" if kind == "goto" else None
        self.line.value = "" if kind == "goto" else self._typed.get(kind, "")
        self.line.action_end()
        self._note(HINTS[kind], wrong=False)
        self.line.focus()

    def close(self) -> None:
        """Put the line away."""
        self.kind, self.display = None, False

    def complain(self, text: str, place: int | None = None) -> None:
        """Say what is wrong, and put the cursor where."""
        self._note(text, wrong=True)
        if place is not None:
            self.line.cursor_position = place
        self.line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.kind is not None:
            self._typed[self.kind] = event.value
            if self.has_class("wrong"):
                self._note(HINTS[self.kind], wrong=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.kind is not None:
            self.post_message(self.Answered(self.kind, event.value.strip() if self.kind != "search" else event.value))

    def _note(self, text: str, wrong: bool) -> None:
        self.set_class(wrong, "wrong")
        named = f"{NAMES[self.kind]}: " if self.kind is not None and not wrong else "✗ "
        self.query_one("#query-note", Static).update(
            Content(one_line(named + text, 3 * max(40, self.screen.size.width - 2)))
        )
