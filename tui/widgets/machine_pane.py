"""The machine of a run, a line each: where the time goes, speed, memory, processor, GPUs."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

WAITING = "the machine has not been read yet"


class MachinePane(VerticalScroll, can_focus=True):
    """Takes the place of the log; scrolls where there are many GPUs."""

    DEFAULT_CSS = """
    MachinePane {
        display: none; height: 1fr; min-height: 4; padding: 0 1; scrollbar-size: 0 1;
        border: round $surface-lighten-3; border-title-color: $text-muted;
        &:focus { border: round $primary 60%; border-title-color: $primary; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.border_title = "machine"
        self._shown: Content | None = None

    def compose(self) -> list[Static]:
        return [Static()]

    def show(self, lines: Sequence[tuple[str, str]]) -> None:
        """Show these lines, each a name and a text; the same ones again cost nothing."""
        width = max((len(name) for name, _ in lines), default=0) + 2
        rows = [
            Content.assemble((name.ljust(width), "$text-muted"), text, "" if index == len(lines) - 1 else "\n")
            for index, (name, text) in enumerate(lines)
        ]
        shown = Content("").join(rows) if rows else Content.styled(WAITING, "$text-muted")
        if shown != self._shown:
            self._shown = shown
            self.query_one(Static).update(shown, layout=len(lines) != self._height())

    def _height(self) -> int:
        return self.query_one(Static).size.height
