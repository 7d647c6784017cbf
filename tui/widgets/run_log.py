"""Lines that grow at the end and are drawn only where they are seen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
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
        self._follows = True
        self._styles: dict[str, Style] = {}

    def clear(self) -> None:
        self._lines.clear()
        self._widest = 0
        self._changed()

    def add(self, entries: Sequence[tuple[float, str, str]]) -> None:
        """Append notes, each (unix seconds, level, text)."""
        if not entries:
            return
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
        self.virtual_size = Size(self._widest, len(self._lines))
        self._to_end()
        self.refresh()

    def _to_end(self) -> None:
        if self._follows:
            self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)

    def on_resize(self) -> None:
        self._to_end()

    def on_show(self) -> None:
        self._to_end()

    def release_anchor(self) -> None:
        """Textual's word for: somebody scrolls."""
        super().release_anchor()
        self._follows = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.is_vertical_scroll_end:
            self._follows = True

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        width = self.size.width
        if not self._styles:
            names = ("clock", *SIGNS)
            self._styles = {name: self.get_component_rich_style(f"log--{name}") for name in names}
            self._styles["base"] = self.rich_style
        base = self._styles["base"]
        if top + y >= len(self._lines):
            return Strip.blank(width, base)
        clock, level, text = self._lines[top + y]
        parts = [Segment(text, self._styles[level])]
        if clock:
            parts = [Segment(clock, self._styles["clock"]), Segment(f" {SIGNS[level]} ", parts[0].style), *parts]
        return Strip(parts).crop_extend(left, left + width, base)
