"""A curve of any length in a bounded number of buckets: no spike is lost, and adding a value costs the same always."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LIMIT = 512
"""Buckets kept at most; more than any sparkline has columns."""
MANY = 10_000
"""So many values and more are put into their buckets by numpy, a hundred times quicker than one by one."""


@dataclass(slots=True)
class Bucket:
    """The lowest and the highest of some consecutive values; `bad` of them were NaN or infinite.

    Where all were bad, `low` is above `high`.
    """

    low: float = math.inf
    high: float = -math.inf
    bad: int = 0
    count: int = 0

    @property
    def is_gap(self) -> bool:
        return self.bad == self.count

    def add(self, value: float) -> None:
        self.count += 1
        if math.isfinite(value):
            self.low = min(self.low, value)
            self.high = max(self.high, value)
        else:
            self.bad += 1

    @classmethod
    def of(cls, parts: Sequence[Bucket]) -> Bucket:
        """All of these as one."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            min([part.low for part in parts]),
            max([part.high for part in parts]),
            sum([part.bad for part in parts]),
            sum([part.count for part in parts]),
        )


class Buckets:
    """Values in the order in which they came, each bucket holding equally many of them (the last may hold fewer)."""

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.latest: float | None = None
        self.total = Bucket()
        self._buckets: list[Bucket] = []
        self._size = 1
        for value in self._many(values) if isinstance(values, array) and len(values) > MANY else values:
            self.add(value)

    def add(self, value: float) -> None:
        self.latest = value
        self.total.add(value)
        if not self._buckets or self._buckets[-1].count == self._size:
            if len(self._buckets) == LIMIT:
                self._buckets = [Bucket.of(self._buckets[at : at + 2]) for at in range(0, LIMIT, 2)]
                self._size *= 2
            self._buckets.append(Bucket())
        self._buckets[-1].add(value)

    def reach(self, value: float) -> None:
        """The highest was at least this, in between two values."""
        self.total.high = max(self.total.high, value)

    def _many(self, values: array[float]) -> array[float]:
        """Fill the buckets as `add` would have; the values that are left make no whole bucket."""
        import numpy as np

        while self._size * LIMIT < len(values):
            self._size *= 2
        whole = len(values) // self._size * self._size
        rows = np.frombuffer(values)[:whole].reshape(-1, self._size)
        finite = np.isfinite(rows)
        lows = np.where(finite, rows, math.inf).min(axis=1)
        highs = np.where(finite, rows, -math.inf).max(axis=1)
        bad = self._size - finite.sum(axis=1)
        self._buckets = [
            Bucket(*parts, self._size) for parts in zip(lows.tolist(), highs.tolist(), bad.tolist(), strict=True)
        ]
        self.total = Bucket.of([Bucket(), *self._buckets])
        self.latest = values[whole - 1]
        return values[whole:]

    def columns(self, width: int) -> list[Bucket]:
        """The curve in `width` columns: buckets are joined where there are more, repeated where there are fewer.

        One value alone is one column: a block would look like a level that was held.
        """
        count = len(self._buckets)
        if self.total.count <= 1:
            return [*self._buckets]
        edges = [column * count // width for column in range(width + 1)]
        return [Bucket.of(self._buckets[a : max(b, a + 1)]) for a, b in pairwise(edges)]
