"""The rows that a search has found, and the way from one to the next."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from core.data import cells


class Hits:
    """Rows in ascending order.

    Attributes:
        pattern: what is marked in the cells.
    """

    def __init__(self, text: str, found: Sequence[int]) -> None:
        self.text = text
        self.rows = [int(row) for row in found]
        self.pattern = cells.marking(text)

    def at_or_after(self, row: int) -> int:
        """The first one from `row` on; after the last comes the first."""
        return self.rows[bisect_left(self.rows, row) % len(self.rows)]

    def beside(self, row: int, by: int) -> int:
        """The next one, or for -1 the one before."""
        place = bisect_right(self.rows, row) if by > 0 else bisect_left(self.rows, row) - 1
        return self.rows[place % len(self.rows)]

    def said(self, row: int) -> str:
        """How many there are, and which of them `row` is."""
        place = bisect_left(self.rows, row)
        here = f"{place + 1:,} of " if place < len(self.rows) and self.rows[place] == row else ""
        return f"hit {here}{len(self.rows):,}" if here else f"{len(self.rows):,} hits"
