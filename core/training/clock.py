"""How fast the steps go and how long the rest takes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW = 50
"""Steps that the rate is taken over: it follows a change within seconds and does not jump."""


class StepClock:
    """Counts the time that goes into steps, and apart from it what is done between them.

    Args:
        now: seconds from any start; tests bring their own.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._marks: deque[tuple[int, float]] = deque(maxlen=WINDOW + 1)
        self._aside = 0.0
        self._last = now()
        self._took: dict[str, float] = {}

    def mark(self, step: int) -> None:
        """A step has just ended."""
        self._last = self._now()
        self._marks.append((step, self._last - self._aside))

    def skip(self, what: str = "") -> None:
        """What has passed since the last call was no step: a pause, an evaluation, a checkpoint.

        Args:
            what: its name, where the like comes again: the time left then counts it in.
        """
        now = self._now()
        self._aside += now - self._last
        if what:
            self._took[what] = now - self._last
        self._last = now

    def hold(self, seconds: float) -> None:
        """So long was a pause, in the middle of something that takes its own time."""
        self._aside += seconds
        self._last += seconds

    @property
    def rate(self) -> float | None:
        """Steps a second; None before two steps have ended."""
        if len(self._marks) < 2:
            return None
        (first, begin), (last, end) = self._marks[0], self._marks[-1]
        return (last - first) / (end - begin) if end > begin else None

    def eta(self, total: int, every: dict[str, float] | None = None) -> float | None:
        """Seconds until step `total` at the present rate.

        Args:
            every: what comes again, and after how many steps each time; it counts as long as it took the last time,
                and not at all before it was done once.
        """
        rate = self.rate
        if not rate:
            return None
        step = self._marks[-1][0]
        between = sum(
            self._took[what] * (total // steps - step // steps)
            for what, steps in (every or {}).items()
            if what in self._took
        )
        return (total - step) / rate + between
