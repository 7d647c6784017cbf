"""A line of a figure in dots."""

from __future__ import annotations

import numpy as np

from tui.charts import raster
from tui.charts.figure import Figure, Line
from tui.charts.raster import DOTS_ACROSS, DOTS_DOWN

DASHES = ((1, 0), (6, 3), (2, 2), (8, 2), (4, 4), (3, 1))
"""Columns drawn and left out, by the number of the line's colour: lines differ without colour too."""


class Drawn:
    """One line in a plot of so many dots.

    Args:
        raw: what was measured, to lie behind the smoothed line.

    Attributes:
        style: the name of its component class, without `chart--`.
        codes: what its dots add to the code of each character.
    """

    def __init__(self, figure: Figure, line: Line, width: int, height: int, raw: bool = False) -> None:
        smoothed = figure.smoothing > 0 and not raw
        self.style = f"{'raw' if raw else 'line'}-{line.style}"
        self.letter = line.letter
        self._line = line
        self._height = height
        self._columns = raster.column_of(line.curve.x, figure.x, width)
        self._bottom, self._top = raster.draw(line.curve, figure.x, figure.y, width, height, ranges=not smoothed)
        dash = DASHES[line.style % len(DASHES)] if line.letter and not raw else DASHES[0]
        self.codes = raster.codes(raster.dots(self._bottom, self._top, height, dash))

    def points(self, most: int) -> list[tuple[int, int]]:
        """The cells of the single values, of a line that marks them; none where there are more than `most`."""
        if not self._line.dotted or self.letter or len(self._columns) > most:
            return []
        there = [dot for dot in set(self._columns.tolist()) if np.isfinite(self._top[dot])]
        return [self._cell(dot, (self._top[dot] + self._bottom[dot]) / 2) for dot in there]

    def gaps(self) -> set[int]:
        """The columns of characters in which values are missing because they cannot be drawn."""
        return set((self._columns[self._line.curve.bad > 0] // DOTS_ACROSS).tolist())

    def end(self) -> tuple[int, int] | None:
        """The cell in which the line ends; None where nothing is drawn."""
        known = np.flatnonzero(np.isfinite(self._top))
        return self._cell(int(known[-1]), self._top[known[-1]]) if len(known) else None

    def _cell(self, dot: int, level: float) -> tuple[int, int]:
        return dot // DOTS_ACROSS, (self._height - 1 - round(level)) // DOTS_DOWN
