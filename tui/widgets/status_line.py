"""One line that says what is open, or what is being waited for."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.timer import Timer
from textual.widget import Widget

from tui.text import one_line

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
INTERVAL = 0.1
PATIENCE = 2.0
"""Seconds after which a wait shows how long it has taken."""


class StatusLine(Widget):
    """`text` at the left, `aside` at the right; while `busy` is set, that and a spinner instead of `text`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"status--busy", "status--aside"}
    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        padding: 0 1;
        color: $foreground;
        background: $surface;
        & > .status--busy { color: $primary; }
        & > .status--aside { color: $warning; text-style: bold; }
    }
    """

    text: reactive[str] = reactive("")
    aside: reactive[str] = reactive("")
    busy: reactive[str] = reactive("")

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.set_reactive(StatusLine.text, text)
        self._since = 0.0
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        self._timer = self.set_interval(INTERVAL, self.refresh, pause=not self.busy)

    def watch_busy(self, before: str, after: str) -> None:
        if after and not before:
            self._since = time.monotonic()
        if self._timer is not None:
            (self._timer.resume if after else self._timer.pause)()

    def render(self) -> Content:
        width = self.size.width
        aside = one_line(self.aside, width)
        room = width - Content(aside).cell_length - (2 if aside else 0)
        if self.busy:
            waited = time.monotonic() - self._since
            frame = FRAMES[int(waited / INTERVAL) % len(FRAMES)]
            took = f"  {waited:.0f} s" if waited > PATIENCE else ""
            left = Content.styled(one_line(f"{frame} {self.busy}{took}", room), self._style("busy"))
        else:
            left = Content(one_line(self.text, room))
        if not aside:
            return left
        gap = max(1, width - left.cell_length - Content(aside).cell_length)
        return Content.assemble(left, " " * gap, Content.styled(aside, self._style("aside")))

    def _style(self, part: str) -> Style:
        return self.get_visual_style(f"status--{part}", partial=True)
