"""A curve of any length in a bounded number of buckets: no spike is lost, and adding a value costs the same always."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

LIMIT = 512
"""Buckets kept at most; more than any sparkline has columns."""


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

    def __or__(self, other: Bucket) -> Bucket:
        return Bucket(
            min(self.low, other.low), max(self.high, other.high), self.bad + other.bad, self.count + other.count
        )


class Buckets:
    """Values in the order in which they came, each bucket holding equally many of them (the last may hold fewer)."""

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.latest: float | None = None
        self.total = Bucket()
        self._buckets: list[Bucket] = []
        self._size = 1
        for value in values:
            self.add(value)

    def add(self, value: float) -> None:
        self.latest = value
        self.total.add(value)
        if not self._buckets or self._buckets[-1].count == self._size:
            if len(self._buckets) == LIMIT:
                self._buckets = [a | b for a, b in zip(self._buckets[::2], self._buckets[1::2], strict=True)]
                self._size *= 2
            self._buckets.append(Bucket())
        self._buckets[-1].add(value)

    def columns(self, width: int) -> list[Bucket]:
        """The curve in `width` columns: buckets are joined where there are more, repeated where there are fewer."""
        count = len(self._buckets)
        found = []
        for column in range(width if count else 0):
            first = column * count // width
            joined = self._buckets[first]
            for bucket in self._buckets[first + 1 : (column + 1) * count // width]:
                joined = joined | bucket
            found.append(joined)
        return found
