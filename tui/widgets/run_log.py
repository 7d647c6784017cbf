"""Lines that grow at the end and are drawn only where they are seen; they can be searched and sifted by level."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.log_lines import Line, LogLines
from tui.text import ELLIPSIS, one_line, visible

SIGNS = {"info": " ", "warning": "!", "error": "✗"}
HERE, MATCH, NO_MATCH = "▶ ", "· ", "  "
"""Before each line while something is searched: a match is seen without colour."""
SIDEWAYS = 20
"""Columns that Right and Left scroll by."""
SHOWN = {"all": "", "warning": "warnings and errors (w: next)", "error": "errors (w: all)"}
AWAY = "End follows"
"""Stands on the border while new lines come out of sight."""

_ERROR = re.compile(r"\b(error|critical|fatal|traceback|exception)\b|\w(Error|Exception)\b", re.IGNORECASE)
_WARNING = re.compile(r"\bwarn(ing)?\b|\wWarning\b", re.IGNORECASE)


class RunLog(ScrollView, can_focus=True):
    """Follows its end while the end is in sight and nothing is searched; a search that is left gives back what was so.

    Args:
        title: stands on its border, with what is sifted and searched.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--clock", "log--info", "log--warning", "log--error"}

    def __init__(self, title: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = title
        self._lines = LogLines()
        self._widest = 0
        self._follows = True
        self._followed = True
        self._styles: dict[str, Style] = {}
        self.border_title = title

    # what stands in it

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
        self._extend(("", _level(line), visible(line.expandtabs(), keep="")) for line in lines)

    def _extend(self, lines: Iterable[Line]) -> None:
        new = list(lines)
        self._lines.extend(new)
        self._widest = max([self._widest, *(cell_len(clock) + cell_len(text) + 6 for clock, _, text in new)])
        self._changed()

    # searching and sifting

    @property
    def searched(self) -> str:
        """What is searched, in lower case; empty: nothing."""
        return self._lines.wanted

    def turn_level(self) -> None:
        """Show all, warnings and errors, errors only, all again."""
        self._lines.turn()
        self._changed()
        self._to_match()

    def search(self, text: str) -> None:
        """Mark the lines with `text`, and go to one near what is seen; nothing leaves the search."""
        if not self.searched:
            self._followed = self._follows
        elif not text:
            self._follows = self._followed
        self._lines.search(text, self.scroll_offset.y)
        self._changed()
        self._to_match()

    def follow(self) -> None:
        """Go to the end, and stay there."""
        self._follows = self._followed = True
        self._changed()

    def step(self, by: Literal[1, -1]) -> None:
        """Go to the next or the previous match."""
        self._lines.step(by)
        self._changed()
        self._to_match()

    def _to_match(self) -> None:
        row = self._lines.at
        if row is not None:
            self._follows = False
            self.scroll_to(y=max(0, row - self.size.height // 2), animate=False, immediate=True, force=True)
            self.refresh()

    # drawing

    def _changed(self) -> None:
        self.virtual_size = Size(self._widest, len(self._lines.rows))
        self._to_end()
        self._entitle()
        self.refresh()

    def _entitle(self) -> None:
        title = self._heading()
        if title != self.border_title:
            self.border_title = title

    def _heading(self) -> str:
        parts = [self._title]
        if SHOWN[self._lines.show]:
            parts.append(SHOWN[self._lines.show])
        if self._lines.wanted:
            count = len(self._lines.matches)
            parts.append(f"match {self._lines.place} of {count:,}" if count else "no match")
        if not self._follows and self.max_scroll_y:
            parts.append(AWAY)
        return " · ".join(parts)

    def _to_end(self) -> None:
        if self._follows:
            self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)

    def action_scroll_right(self) -> None:
        self.scroll_relative(x=SIDEWAYS, animate=False)

    def action_scroll_left(self) -> None:
        self.scroll_relative(x=-SIDEWAYS, animate=False)

    def on_resize(self) -> None:
        self._to_end()

    def on_show(self) -> None:
        self._to_end()

    def action_scroll_end(self) -> None:
        self.follow()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._follows = self.is_vertical_scroll_end and (self._follows or not self._lines.wanted)
        self._entitle()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        width = self.scrollable_content_region.width
        if not self._styles:
            names = ("clock", *SIGNS)
            self._styles = {name: self.get_component_rich_style(f"log--{name}") for name in names}
            self._styles["base"] = self.rich_style
        base = self._styles["base"]
        row = top + y
        if row >= len(self._lines.rows):
            return Strip.blank(width, base)
        clock, level, text = self._lines.rows[row]
        style = self._styles[level]
        parts = [Segment(part, style + _MARKED if found else style) for part, found in self._parted(text)]
        if clock:
            parts = [Segment(clock, self._styles["clock"]), Segment(f" {SIGNS[level]} ", style), *parts]
        if self._lines.wanted:
            fits = any(found for _, found in self._parted(text))
            parts = [Segment(HERE if row == self._lines.at else MATCH if fits else NO_MATCH, base), *parts]
        line = Strip(parts)
        if line.cell_length <= left + width:
            return line.crop_extend(left, left + width, base)
        return Strip.join([line.crop(left, left + width - 1), Strip([Segment(ELLIPSIS, self._styles["clock"])])])

    def _parted(self, text: str) -> list[tuple[str, bool]]:
        """The text in parts, each with whether it is what is searched."""
        wanted = self._lines.wanted
        if not wanted:
            return [(text, False)]
        parts = re.split(f"({re.escape(wanted)})", text, flags=re.IGNORECASE)
        return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]


_MARKED = Style(reverse=True)


def _level(line: str) -> str:
    return "error" if _ERROR.search(line) else "warning" if _WARNING.search(line) else "info"
