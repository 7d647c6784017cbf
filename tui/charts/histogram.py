"""A histogram drawn with block characters, and the line from which on something is cut."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

EIGHTHS = " ▁▂▃▄▅▆▇█"
CUT = " ░▒▓"
"""Drawn instead where the values lie beyond the limit: it differs also without colour."""
LIMIT = "┊"


def draw(values: npt.NDArray[np.int64], width: int, height: int, limit: int | None = None) -> list[str]:
    """Lines of at most `width` characters: bars, an axis, and below it the least and the greatest value.

    The limit, where it lies between them, is a column of its own; bars right of it count values above it.

    Args:
        values: at least one.
        height: of the bars alone.
    """
    low, high = int(values.min()), int(values.max())
    inside = limit is not None and low <= limit < high
    edges = _edges(low, high, width - 1 if inside else width)
    if inside and limit is not None:
        nearest = min(max(1, int(np.searchsorted(edges, limit + 1))), len(edges) - 2) if len(edges) > 2 else 0
        # A bar stands for values on one side of the limit only.
        edges = np.unique(np.concatenate([edges[:nearest], [limit + 1], edges[nearest + 1 :]]))
    counts, _ = np.histogram(values, edges)
    cut_from = int(np.searchsorted(edges[:-1], limit + 1)) if limit is not None else len(counts)
    most = int(counts.max())
    lines = []
    for line in range(height, 0, -1):
        cells = [_cell(int(count), most, height, line, index >= cut_from) for index, count in enumerate(counts)]
        lines.append("".join(_with_limit(cells, cut_from if inside else None, LIMIT)))
    axis = ["─"] * len(counts)
    lines.append("".join(_with_limit(axis, cut_from if inside else None, "┴")))
    lines.append(_labels(low, high, len(lines[-1]), cut_from if inside else None, limit))
    return [line.rstrip() for line in lines]


def _edges(low: int, high: int, width: int) -> npt.NDArray[np.float64]:
    """Whole numbers apart by the same step, so that no bar stands for more values than another."""
    step = max(1, math.ceil((high - low + 1) / max(1, width)))
    count = math.ceil((high - low + 1) / step)
    return low + step * np.arange(count + 1, dtype=np.float64)


def _cell(count: int, most: int, height: int, line: int, cut: bool) -> str:
    eighths = max(1, round(8 * height * count / most)) if count else 0
    filled = min(8, max(0, eighths - 8 * (line - 1)))
    return CUT[min(3, math.ceil(filled * 3 / 8))] if cut else EIGHTHS[filled]


def _with_limit(cells: Sequence[str], place: int | None, mark: str) -> list[str]:
    return list(cells) if place is None else [*cells[:place], mark, *cells[place:]]


def _labels(low: int, high: int, width: int, place: int | None, limit: int | None) -> str:
    """Least and greatest value at both ends, the limit below its line."""
    if low == high:
        return f"{low:,}"
    line = list(f"{low:,}".ljust(max(width, len(f"{low:,} {high:,}"))))
    right = f"{high:,}"
    line[len(line) - len(right) :] = right
    if place is not None and limit is not None:
        said = f"{limit:,}"
        start = min(max(place - len(said) // 2, len(f"{low:,}") + 1), len(line) - len(right) - 1 - len(said))
        if start > len(f"{low:,}"):
            line[start : start + len(said)] = said
    return "".join(line)
