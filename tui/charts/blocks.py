"""A series of any length in a bounded number of blocks, so that a million of values are drawn in milliseconds."""

from __future__ import annotations

import math
from array import array

import numpy as np
from numpy.typing import NDArray

LIMIT = 8192
"""Blocks at most: dozens for each column of dots of the widest terminal, so a block is in the wrong one by less than a
dot. Up to so many values, each is a block of its own."""

Floats = NDArray[np.float64]
FIELDS = ("low", "high", "total", "finite", "bad", "low_positive", "not_positive")


class Blocks:
    """Per block of consecutive values, each field a float64 array of one number per block.

    Attributes:
        size: values in a block; the last may hold fewer.
        low, high, total: of the finite values: least, greatest, sum. Without any, `low` is infinite, `high` -infinite.
        finite, bad: how many values are finite, and how many not.
        low_positive, not_positive: the least value above 0, and how many finite ones are not: for a log scale.
    """

    low: Floats
    high: Floats
    total: Floats
    finite: Floats
    bad: Floats
    low_positive: Floats
    not_positive: Floats

    def __init__(self) -> None:
        self._whole: Floats
        self._begin(array("d"))
        self._set(self._whole)

    def update(self, values: array[float]) -> None:
        """Take in what was appended to `values` since the last call; all of it where it is another array."""
        if values is not self._source or len(values) < self._whole.shape[1] * self.size:
            self._begin(values)
        if len(values) > self.size * LIMIT:
            size = self.size
            while len(values) > size * LIMIT:
                size *= 2
            self._begin(values, size)
        known = self._whole.shape[1]
        # A copy: memory that numpy looks at cannot grow.
        parts = _reduce(np.frombuffer(values[known * self.size :]), self.size)
        found = np.concatenate([self._whole, parts], axis=1)
        self._whole = found[:, : len(values) // self.size]
        self._set(found)

    def _begin(self, values: array[float], size: int = 1) -> None:
        self._source = values
        self.size = size
        self._whole = np.empty((len(FIELDS), 0))

    def _set(self, found: Floats) -> None:
        for field, row in zip(FIELDS, found, strict=True):
            setattr(self, field, row)


def _reduce(values: Floats, size: int) -> Floats:
    """The fields of these values, one column per block."""
    count = -(-len(values) // size)
    if not count:
        return np.empty((len(FIELDS), 0))
    missing = count * size - len(values)
    rows = np.concatenate([values, np.full(missing, math.nan)]).reshape(count, size)
    finite = np.isfinite(rows)
    positive = finite & (rows > 0)
    number = finite.sum(axis=1)
    bad = size - number
    bad[-1] -= missing
    return np.stack(
        [
            np.where(finite, rows, math.inf).min(axis=1),
            np.where(finite, rows, -math.inf).max(axis=1),
            np.where(finite, rows, 0.0).sum(axis=1),
            number,
            bad,
            np.where(positive, rows, math.inf).min(axis=1),
            number - positive.sum(axis=1),
        ]
    )
