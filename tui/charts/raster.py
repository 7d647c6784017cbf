"""From curves to characters: which dots of braille a curve sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui.charts.blocks import Floats
from tui.charts.curve import Curve

DOTS_ACROSS, DOTS_DOWN = 2, 4
"""Dots of one character."""
BRAILLE = 0x2800
WEIGHTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""What each dot of a character adds to its code."""
SHORT = 3.0
"""A dashed line leaves out columns of so many dots or fewer; higher ones may be a spike and are drawn always."""

Dots = NDArray[np.bool_]
Interval = tuple[float, float]


def column_of(x: Floats, limits: Interval, width: int) -> NDArray[np.int_]:
    """In which of `width` columns of dots each x lies."""
    return np.round(_placed(x, limits, width)).astype(int)


def draw(curve: Curve, x: Interval, y: Interval, width: int, height: int, ranges: bool = True) -> tuple[Floats, Floats]:
    """The lowest and the highest dot of the curve in each of `width` columns, counted from below; NaN: none.

    Args:
        x, y: what the axes show.
        width, height: in dots.
        ranges: whether the whole range of each point is drawn, or its mean alone.
    """
    bottom, top = np.full(width, np.nan), np.full(width, np.nan)
    drawn = np.flatnonzero(np.isfinite(curve.mid))
    if not len(drawn):
        return bottom, top
    columns = column_of(curve.x[drawn], x, width)
    low, high, mid = (_placed(part[drawn], y, height) for part in (curve.low, curve.high, curve.mid))
    if not ranges:
        low = high = mid
    first = np.flatnonzero(np.concatenate([[True], columns[1:] != columns[:-1]]))
    last = np.concatenate([first[1:], [len(columns)]]) - 1
    at = columns[first]
    bottom[at], top[at] = np.minimum.reduceat(low, first), np.maximum.reduceat(high, first)
    if len(at) > 1:
        joint = _joints(at, mid[first], mid[last], drawn[first[1:]] - drawn[last[:-1]] > 1, width)
        for side in (slice(None, -1), slice(1, None)):
            bottom[side] = np.fmin(bottom[side], joint)
            top[side] = np.fmax(top[side], joint)
    return bottom, top


def dots(bottom: Floats, top: Floats, height: int, dash: tuple[int, int] = (1, 0)) -> Dots:
    """The dots of a curve, row 0 at the top. `dash`: so many columns drawn, so many left out."""
    on, off = dash
    gone = (np.arange(len(bottom)) % (on + off) >= on) & (top - bottom < SHORT)
    rows = np.arange(height)[::-1, None]
    found: Dots = (rows >= np.round(bottom)) & (rows <= np.round(top)) & ~gone
    return found


def codes(grid: Dots) -> NDArray[np.int_]:
    """What the dots add to the code of each character; 0 where none is set."""
    height, width = grid.shape[0] // DOTS_DOWN, grid.shape[1] // DOTS_ACROSS
    cells = grid.reshape(height, DOTS_DOWN, width, DOTS_ACROSS)
    found: NDArray[np.int_] = np.einsum("hdwa,da->hw", cells, WEIGHTS)
    return found


def _placed(values: Floats, limits: Interval, count: int) -> Floats:
    """Where values lie among `count` dots; all in the middle where the axis shows one value only."""
    low, high = limits
    # Halves first: the difference of two large numbers may be beyond the largest float.
    spread = high / 2 - low / 2
    if not spread > 0:
        return np.full(len(values), (count - 1) / 2)
    return np.clip((values / 2 - low / 2) / spread, 0.0, 1.0) * (count - 1)


def _joints(at: NDArray[np.int_], first: Floats, last: Floats, broken: Dots, width: int) -> Floats:
    """How high a curve stands half-way between each column and the next, going straight over those without a value."""
    half = np.arange(width - 1) + 0.5
    aside = np.array([-1e-6, 1e-6])
    joint = np.interp(half, (at[:, None] + aside).ravel(), np.stack([first, last], axis=1).ravel())
    pair = np.searchsorted(at, half) - 1
    inside = (pair >= 0) & (pair < len(at) - 1)
    inside[inside] = ~broken[pair[inside]]
    return np.where(inside, joint, np.nan)
