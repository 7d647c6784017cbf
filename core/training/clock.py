"""How fast the steps go and how long the rest takes, with pauses, evaluations and checkpoints left out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW = 50
"""Steps that the rate is taken over: it follows a change within seconds and does not jump."""


class StepClock:
    """Counts the time that goes into steps.

    Args:
        now: seconds from any start; tests bring their own.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._marks: deque[tuple[int, float]] = deque(maxlen=WINDOW + 1)
        self._aside = 0.0
        self._last = now()

    def mark(self, step: int) -> None:
        """A step has just ended."""
        self._last = self._now()
        self._marks.append((step, self._last - self._aside))

    def skip(self) -> None:
        """What has passed since the last call was no step: a pause, an evaluation, a checkpoint."""
        now = self._now()
        self._aside += now - self._last
        self._last = now

    @property
    def rate(self) -> float | None:
        """Steps a second; None before two steps have ended."""
        if len(self._marks) < 2:
            return None
        (first, begin), (last, end) = self._marks[0], self._marks[-1]
        return (last - first) / (end - begin) if end > begin else None

    def eta(self, total: int) -> float | None:
        """Seconds until step `total` at the present rate."""
        rate = self.rate
        return (total - self._marks[-1][0]) / rate if rate else None
