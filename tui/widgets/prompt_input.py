"""A line to type to a model; Up and Down bring back what was typed, and examples before it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.widgets import Input


class PromptInput(Input):
    """Takes one line; what was typed last is recalled first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
    ]

    _lines: list[str] = []  # noqa: RUF012 - replaced, never changed
    _at = 0

    def offer(self, examples: list[str]) -> None:
        """Begin with these to be recalled, the first of them first."""
        self._lines = list(reversed(examples))
        self._at = len(self._lines)

    def keep(self, line: str) -> None:
        """Remember a line that was sent, and begin a new one."""
        if line:
            self._lines = [*(other for other in self._lines if other != line), line]
        self._at = len(self._lines)
        self.value = ""

    def _on_paste(self, event: Paste) -> None:
        """Take all lines of what is pasted, a paragraph as a rule, as one line."""
        event.prevent_default()
        event.stop()
        self.replace(" ".join(event.text.split()), *self.selection)

    def action_recall(self, by: int) -> None:
        at = max(0, min(len(self._lines), self._at + by))
        if at != self._at:
            self._at = at
            self.value = self._lines[at] if at < len(self._lines) else ""
            self.cursor_position = len(self.value)
