"""Text of any length: only the lines that are on the screen are drawn. A cell may hold a megabyte."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

Piece = tuple[str, str]
"""A component class, and a text that it styles; line ends begin new lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the screen: the characters from `start` to `stop` of a piece."""

    piece: int
    start: int
    stop: int


class LongText(ScrollView, can_focus=True):
    """Fed by `show`. Wraps at spaces where there are some."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"long--title", "long--text", "long--quiet", "long--mark"}
    DEFAULT_CSS = """
    LongText {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size: 1 1;
        & > .long--title { text-style: bold; color: $primary; }
        & > .long--quiet { color: $text-muted; }
        & > .long--mark { text-style: reverse bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._pieces: Sequence[Piece] = ()
        self._lines: list[Line] = []
        self._marks: list[list[tuple[int, int]]] = []
        self._pattern: re.Pattern[str] | None = None
        self._width = 0
        self._is_new = False

    def show(self, pieces: Sequence[Piece], marked: re.Pattern[str] | None = None) -> None:
        """Draw these from the top, or from the first place that is marked."""
        self._pieces, self._pattern, self._is_new = pieces, marked, True
        self._lay_out()

    def on_resize(self) -> None:
        if self._pieces and self.scrollable_content_region.width != self._width:
            self._lay_out()

    @work(exclusive=True)
    async def _lay_out(self) -> None:
        self._width = width = max(1, self.scrollable_content_region.width)
        self._lines, self._marks = await asyncio.to_thread(_laid_out, self._pieces, width, self._pattern)
        self.virtual_size = Size(width, len(self._lines))
        if self._is_new:
            self._is_new = False
            first = _first_marked(self._lines, self._marks)
            self.scroll_to(y=max(0, first - 3) if first is not None else 0, animate=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        base = self.rich_style
        if index >= len(self._lines):
            return Strip.blank(self.size.width, base)
        line = self._lines[index]
        kind, text = self._pieces[line.piece]
        style = base + self.get_component_rich_style(f"long--{kind}", partial=True)
        mark = self.get_component_rich_style("long--mark", partial=True)
        strip = Strip(_segments(text, line, self._marks[line.piece], style, style + mark))
        return strip.adjust_cell_length(self.size.width, base)


def _segments(text: str, line: Line, marks: list[tuple[int, int]], style: Style, marked: Style) -> list[Segment]:
    found: list[Segment] = []
    at = line.start
    for start, stop in marks[max(0, bisect_right(marks, (line.start, line.start)) - 1) :]:
        if start >= line.stop:
            break
        start, stop = max(at, start), min(stop, line.stop)
        if stop > start:
            found += [Segment(text[at:start], style), Segment(text[start:stop], marked)]
            at = stop
    return [*found, Segment(text[at : line.stop], style)]


def _laid_out(
    pieces: Sequence[Piece], width: int, pattern: re.Pattern[str] | None
) -> tuple[list[Line], list[list[tuple[int, int]]]]:
    lines = [Line(index, *span) for index, (_, text) in enumerate(pieces) for span in wrap(text, width)]
    marks = [
        [match.span() for match in pattern.finditer(text)] if pattern is not None and kind == "text" else []
        for kind, text in pieces
    ]
    return lines, marks


def _first_marked(lines: list[Line], marks: list[list[tuple[int, int]]]) -> int | None:
    piece = next((index for index, spans in enumerate(marks) if spans), None)
    if piece is None:
        return None
    at = marks[piece][0][0]
    return next((index for index, line in enumerate(lines) if line.piece == piece and line.stop > at), None)


def wrap(text: str, width: int) -> list[tuple[int, int]]:
    """Spans of `text` that fit into `width` cells each; broken at line ends, else after a space, else anywhere."""
    spans: list[tuple[int, int]] = []
    begin = 0
    plain = text.isascii()
    while True:
        end = text.find("\n", begin)
        end = len(text) if end < 0 else end
        at = begin
        while (fits := _fitting(text, at, end, width, plain)) < end:
            space = text.rfind(" ", at + 1, fits + 1)
            spans.append((at, space if space > at else fits))
            at = space + 1 if space > at else fits
        spans.append((at, end))
        if end == len(text):
            return spans
        begin = end + 1


def _fitting(text: str, start: int, end: int, width: int, plain: bool) -> int:
    """The end of what fits from `start` on, at least one character."""
    stop = min(end, start + width)
    if plain or text[start:stop].isascii():
        return stop
    room, at = width, start
    while at < stop:
        room -= cell_len(text[at])
        if room < 0:
            break
        at += 1
    # Marks that combine with the character before stay with it.
    while at < end and room >= 0 and cell_len(text[at]) == 0:
        at += 1
    return max(at, min(end, start + 1))
