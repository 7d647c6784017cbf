"""Bars of eighths of a character: where a column holds several values, its range shows, and NaN is a gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tui.buckets import Bucket

BLOCKS = " ▁▂▃▄▅▆▇█"
GAP = "x"
Kind = Literal["bar", "range", "both", "bad"]
Cell = tuple[str, Kind]
"""A character and what it stands for: the bar up to the lowest value; the range above that; the edge of the bar
before the range behind it; or values that are no numbers."""


def draw(columns: Sequence[Bucket], height: int) -> list[list[Cell]]:
    """The rows of a sparkline, top first; each has one cell per column."""
    finite = [bucket for bucket in columns if not bucket.is_gap]
    low = min((bucket.low for bucket in finite), default=0.0)
    high = max((bucket.high for bucket in finite), default=0.0)
    drawn: list[list[Cell]] = [_column(bucket, low, high, height) for bucket in columns]
    return [[column[row] for column in drawn] for row in reversed(range(height))]


def _column(bucket: Bucket, low: float, high: float, height: int) -> list[Cell]:
    """The cells of one column, bottom first."""
    if bucket.is_gap:
        return [(GAP if row == 0 else " ", "bad") for row in range(height)]
    bottom, top = _level(bucket.low, low, high, height), _level(bucket.high, low, high, height)
    cells: list[Cell] = [_cell(bottom - 8 * row, top - 8 * row) for row in range(height)]
    if bucket.bad:
        cells = [(char, "bad") for char, _ in cells]
    return cells


def _cell(bottom: int, top: int) -> Cell:
    """One cell, given how many eighths of it the lowest and the highest value fill (below 0: none, above 8: all)."""
    if bottom >= 8:
        return BLOCKS[8], "bar"
    if bottom > 0:
        return (BLOCKS[bottom], "both") if top >= 8 else (BLOCKS[min(top, 8)], "bar")
    return BLOCKS[max(0, min(top, 8))], "range"


def _level(value: float, low: float, high: float, height: int) -> int:
    """How many eighths high a value stands, from 1 to 8 times the height; a flat curve stands in the middle, and
    one of zeros on the ground."""
    most = 8 * height
    # Halves first: the difference of two large numbers may be beyond the largest float.
    spread = high / 2 - low / 2
    if spread <= 0:
        return most // 2 if value else 1
    return 1 + round((value / 2 - low / 2) / spread * (most - 1))
