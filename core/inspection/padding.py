"""What padding costs: the share of what is computed that is no token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Padding:
    """The share of padding over an epoch: as the run orders its rows, at random, and grouped by length."""

    now: float
    random: float
    grouped: float
    is_grouped: bool

    @property
    def saved(self) -> float:
        """The share of all positions that grouping by length does not compute."""
        return 1 - (1 - self.random) / (1 - self.grouped)


def share(order: Sequence[int], lengths: Sequence[int], size: int) -> float:
    """The share of padding in batches of `size` elements that are taken in this order.

    Args:
        lengths: tokens of each element.
    """
    computed = tokens = 0
    for begin in range(0, len(order), size):
        batch = [lengths[index] for index in order[begin : begin + size]]
        computed += max(batch) * len(batch)
        tokens += sum(batch)
    return 1 - tokens / computed if computed else 0.0
