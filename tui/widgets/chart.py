"""A chart in braille dots: axes, curves, what happened along the run, and a cursor.

The canvas holds the characters and paints them. The dots are found by `tui.charts.raster`, for all of a curve at once:
the canvas's own lines take 150 ms for two noisy curves at 80x24, and a curve that crosses another would wipe out its
dots.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from rich.style import Style
from textual_hires_canvas import Canvas

from tui.charts import ticks
from tui.charts.drawn import Drawn
from tui.charts.figure import SIGNS, Figure
from tui.charts.raster import BRAILLE, DOTS_ACROSS, DOTS_DOWN
from tui.charts.source import Sign
from tui.figures import duration, number

COLORS = 6
POINT = "◆"
BAD = "x"
EMPTY = "nothing was logged yet"
CURSOR = "│"
LABEL_CELLS = 11
"""Columns that a label on the x axis takes with the gap beside it."""
LABEL_LINES = 3


class Chart(Canvas, can_focus=True):
    """Draws `figure`; `cursor` is a column of the plot, None: none.

    Attributes:
        signs: what is seen on the x axis of what happened; one may lie under another.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--axis",
        "chart--tick",
        "chart--mark",
        "chart--rate",
        "chart--bad",
        "chart--cursor",
        *(f"chart--line-{number}" for number in range(COLORS)),
        *(f"chart--raw-{number}" for number in range(COLORS)),
    }

    def __init__(self) -> None:
        super().__init__(1, 1)
        self.figure: Figure | None = None
        self.cursor: int | None = None
        self.signs: set[Sign] = set()
        self._left = 0
        self._styles_of: dict[str, str] = {}
        self._base: Style | None = None

    @property
    def columns(self) -> int:
        """Of the plot, in characters."""
        return max(1, self.size.width - self._left - 1)

    def show(self, figure: Figure, cursor: int | None) -> None:
        """Draw this from now on."""
        self.figure, self.cursor = figure, cursor
        self.draw()

    def place_of(self, column: int) -> tuple[float, float]:
        """What a column of the plot stands for on the x axis."""
        assert self.figure is not None
        low, high = self.figure.x
        dot = (high - low) / max(1, self.columns * DOTS_ACROSS - 1)
        begin = low + (column * DOTS_ACROSS - 0.5) * dot
        return begin, begin + DOTS_ACROSS * dot

    def on_canvas_resize(self) -> None:
        self.draw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles_of = {}
        self._base = None
        self.draw()

    @property
    def rich_style(self) -> Style:
        """Found once: the canvas asks for it at every line, which takes longer than the rest of the line."""
        if self._base is None:
            self._base = super().rich_style
        return self._base

    def draw(self) -> None:
        """Fill the canvas."""
        if self.size.height < 4 or self.size.width < 20:
            self.reset(self.size)
            return
        with self.batch_refresh():
            self.reset(self.size)
            if self.figure is not None and self.figure.lines:
                self._draw(self.figure)
            elif self.figure is not None:
                self._text((self.size.width - len(EMPTY)) // 2, self.size.height // 2, EMPTY, self._style_of("tick"))

    def _draw(self, figure: Figure) -> None:
        rows = self.size.height - 2
        levels, labels = self._y_labels(figure, rows)
        self._left = max(map(len, labels), default=0) + 1
        width, height = self.columns * DOTS_ACROSS, rows * DOTS_DOWN
        self._axes(figure, rows, levels, labels, height)
        if self.cursor is not None:
            for row in range(rows):
                self._set(self.cursor, row, CURSOR, "cursor")
        raw = [Drawn(figure, line, width, height, raw=True) for line in figure.lines if figure.smoothing]
        drawn = [Drawn(figure, line, width, height) for line in figure.lines]
        taken = np.bitwise_or.reduce([line.codes for line in drawn]) if raw else 0
        for line in raw:
            line.codes[taken > 0] = 0  # else the calm line would be as thick as what lies behind it
        self._dots([*raw, *drawn], width // DOTS_ACROSS, rows)
        for line in drawn:
            for column, row in line.points(self.columns // 3):
                self._set(column, row, POINT, line.style)
            for column in line.gaps():
                self._set(column, rows - 1, BAD, "bad")
        for line in drawn:
            end = line.end()
            if line.letter and end is not None:
                self._set(*end, line.letter, line.style)
        self._marks(figure, rows)

    def _dots(self, drawn: Sequence[Drawn], columns: int, rows: int) -> None:
        """Write the curves, each cell once: where curves meet, all their dots, in the style of the one in front."""
        codes = np.zeros((rows, columns), dtype=int)
        styles = np.zeros((rows, columns), dtype=int)
        for place, line in enumerate(drawn):
            codes |= line.codes
            styles[line.codes > 0] = place
        names = [self._style_of(line.style) for line in drawn]
        there = np.nonzero(codes)
        cells = zip(there[0].tolist(), there[1].tolist(), codes[there].tolist(), styles[there].tolist(), strict=True)
        left = self._left + 1
        for row, column, code, place in cells:
            self.set_pixel(column + left, row, chr(BRAILLE + code), names[place])

    def _set(self, column: int, row: int, char: str, style: str) -> None:
        self.set_pixel(column + self._left + 1, row, char, self._style_of(style))

    def _style_of(self, name: str) -> str:
        if name not in self._styles_of:
            self._styles_of[name] = str(self.get_component_rich_style(f"chart--{name}"))
        return self._styles_of[name]

    def _y_labels(self, figure: Figure, rows: int) -> tuple[list[float], list[str]]:
        low, high = figure.y
        most = max(3, rows // LABEL_LINES)
        plain = figure.write is number
        if figure.log:
            levels = ticks.logarithmic(low, high, most)
            values = [10.0**level for level in levels]
            return levels, [f"{value:g}" if plain else figure.write(value) for value in values]
        levels = ticks.linear(low, high, most)
        step = levels[1] - levels[0] if len(levels) > 1 else 0.0
        return levels, [ticks.label(level, step) if plain else figure.write(level) for level in levels]

    def _axes(self, figure: Figure, rows: int, levels: list[float], labels: list[str], height: int) -> None:
        axis, tick, edge = self._style_of("axis"), self._style_of("tick"), self._left
        for row in range(rows):
            self.set_pixel(edge, row, "│", axis)
        for column in range(edge, self.size.width):
            self.set_pixel(column, rows, "─" if column > edge else "└", axis)
        low, high = figure.y
        for level, text in zip(levels, labels, strict=True):
            share = (level - low) / (high - low) if high > low else 0.5
            row = (height - 1 - round(share * (height - 1))) // DOTS_DOWN
            self.set_pixel(edge, row, "┤", axis)
            self._text(edge - len(text), row, text, tick)
        begin, end = figure.x
        if figure.axis == "time":
            places = ticks.linear(begin / _unit(end)[0], end / _unit(end)[0], self.columns // LABEL_CELLS)
            step = places[1] - places[0] if len(places) > 1 else 0.0
            named = [(at * _unit(end)[0], f"{ticks.label(at, step)} {_unit(end)[1]}") for at in places]
            named = named if len(named) > 1 else [(begin, duration(begin))]
        else:
            places = ticks.linear(begin, end, self.columns // LABEL_CELLS)
            step = places[1] - places[0] if len(places) > 1 else 0.0
            named = [(at, ticks.label(at, step)) for at in places]
        title = figure.axis
        room = self.size.width - len(title) - 1
        self._text(self.size.width - len(title), rows + 1, title, tick)
        for at, text in named:
            share = (at - begin) / (end - begin) if end > begin else 0.5
            column = edge + 1 + round(share * (self.columns * DOTS_ACROSS - 1)) // DOTS_ACROSS
            self.set_pixel(column, rows, "┬", axis)
            place = max(0, column - len(text) // 2)
            if place + len(text) < room:
                self._text(place, rows + 1, text, tick)

    def _marks(self, figure: Figure, rows: int) -> None:
        """Signs on the x axis, for what happened."""
        low, high = figure.x
        seen: dict[int, Sign] = {}
        for sign, char in SIGNS.items():
            for mark in figure.marks:
                if mark.sign == sign and low <= mark.x <= high:
                    share = (mark.x - low) / (high - low) if high > low else 0.5
                    column = round(share * (self.columns * DOTS_ACROSS - 1)) // DOTS_ACROSS
                    self._set(column, rows, char, "rate" if sign in ("learning rate", "command") else "mark")
                    seen[column] = sign
        self.signs = set(seen.values())

    def _text(self, column: int, row: int, text: str, style: str) -> None:
        # Not the canvas's own: it takes text for markup.
        for place, char in enumerate(text):
            self.set_pixel(column + place, row, char, style)


def _unit(seconds: float) -> tuple[float, str]:
    """The unit in which a time axis of this length is labelled."""
    return next(((size, name) for size, name in ((3600.0, "h"), (60.0, "min")) if seconds >= 3 * size), (1.0, "s"))
