"""Lines that grow at the end and are drawn only where they are seen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.text import one_line, visible

LIMIT = 20_000
"""Lines kept; the file has the rest."""
SIGNS = {"info": " ", "warning": "!", "error": "✗"}

Line = tuple[str, str, str]
"""Clock, level, text."""


class RunLog(ScrollView, can_focus=True):
    """Follows its end while the end is in sight."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--clock", "log--info", "log--warning", "log--error"}

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._widest = 0

    def clear(self) -> None:
        self._lines.clear()
        self._widest = 0
        self._changed()

    def add(self, entries: Sequence[tuple[float, str, str]]) -> None:
        """Append notes, each (unix seconds, level, text)."""
        clock = [time.strftime("%H:%M:%S", time.localtime(t)) for t, _, _ in entries]
        self._extend((at, level, one_line(text)) for at, (_, level, text) in zip(clock, entries, strict=True))

    def add_text(self, text: str) -> None:
        """Append lines as a file has them. Of what a progress bar draws over itself the last state counts."""
        lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
        self._extend(("", "info", visible(line.expandtabs(), keep="")) for line in lines)

    def _extend(self, lines: Iterable[Line]) -> None:
        new = list(lines)
        self._lines += new
        del self._lines[:-LIMIT]
        self._widest = max([self._widest, *(cell_len(clock) + cell_len(text) + 4 for clock, _, text in new)])
        self._changed()

    def _changed(self) -> None:
        follows = self.is_vertical_scroll_end
        self.virtual_size = Size(self._widest, len(self._lines))
        if follows:
            self.scroll_end(animate=False, x_axis=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        width = self.size.width
        base = self.rich_style
        if top + y >= len(self._lines):
            return Strip.blank(width, base)
        clock, level, text = self._lines[top + y]
        parts = [Segment(text, self.get_component_rich_style(f"log--{level}"))]
        if clock:
            quiet = self.get_component_rich_style("log--clock")
            parts = [Segment(clock, quiet), Segment(f" {SIGNS[level]} ", parts[0].style), *parts]
        return Strip(parts).crop_extend(left, left + width, base)
