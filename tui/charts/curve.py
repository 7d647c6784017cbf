"""One curve as it is drawn: points along the x axis, each with the range that it stands for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tui.charts.blocks import Blocks, Floats


@dataclass(frozen=True, slots=True)
class Curve:
    """Parallel arrays, in the unit of the axes: logarithms to base 10 where the scale is logarithmic.

    Attributes:
        x: never falls.
        low, high: the range of the values that a point stands for.
        mid: their mean, smoothed where that is asked for; NaN where no value can be drawn: a gap.
        bad: how many values cannot be drawn: NaN, infinite, on a log scale also 0 and below.
    """

    x: Floats
    low: Floats
    high: Floats
    mid: Floats
    bad: Floats


def curve(x: Floats, blocks: Blocks, smoothing: float = 0.0, log: bool = False) -> Curve:
    """The curve of a series.

    Args:
        x: where each block begins.
        smoothing: the share of the curve, 0 to 1, over which each point of `mid` is the mean.
        log: whether the y axis is logarithmic.
    """
    if not log:
        drawable = blocks.finite > 0
        mid = _means(blocks.total, blocks.finite, smoothing)
        low, high, bad = blocks.low, blocks.high, blocks.bad
    else:
        drawable = blocks.high > 0
        mid = _logarithm(np.maximum(_means(blocks.total, blocks.finite, smoothing), blocks.low_positive), drawable)
        low, high = _logarithm(blocks.low_positive, drawable), _logarithm(blocks.high, drawable)
        bad = blocks.bad + blocks.not_positive
    return Curve(np.maximum.accumulate(x), low, high, np.where(drawable, mid, np.nan), bad)


def _means(total: Floats, count: Floats, smoothing: float) -> Floats:
    """Of each block; with smoothing, of a window around it, narrower at both ends."""
    reach = int(len(total) * smoothing / 2)
    if reach:
        edges = np.arange(len(total))
        # At an end the window shrinks on both sides: a one-sided mean would bend the curve.
        sides = np.minimum(np.minimum(edges, edges[::-1]), reach)
        begin, end = edges - sides, edges + sides + 1
        total, count = (np.concatenate([[0.0], np.cumsum(part)]) for part in (total, count))
        total, count = total[end] - total[begin], count[end] - count[begin]
    return total / np.where(count > 0, count, np.nan)


def _logarithm(values: Floats, drawable: np.typing.NDArray[np.bool_]) -> Floats:
    return np.log10(np.where(drawable, values, 1.0))
