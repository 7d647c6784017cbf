"""What the training thread spends its time on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

Activity = Literal["data", "training", "evaluation", "sampling", "checkpoints", "paused", "other"]
"""`data`: waiting for the next batches. `training`: forward, backward, optimizer, and the wait for their results when a
step is logged. `other`: reports, commands, everything else."""

STEPS: tuple[Activity, ...] = ("data", "training", "other")
"""What belongs to the steps themselves."""


class TimeShares:
    """Adds up seconds per activity. Every moment counts once: what is done within an activity is not the outer one's.

    For one thread. It reads a clock and nothing else: no device is waited for.

    Args:
        now: seconds from any start; tests bring their own.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self._seconds: dict[Activity, float] = {}
        self._activity: Activity = "other"
        self._since = now()

    @contextmanager
    def during(self, activity: Activity) -> Iterator[None]:
        """What passes in this block belongs to `activity`."""
        outer = self._activity
        self._turn_to(activity)
        try:
            yield
        finally:
            self._turn_to(outer)

    def seconds(self) -> dict[str, float]:
        """Seconds of each activity so far."""
        self._turn_to(self._activity)
        return {str(activity): seconds for activity, seconds in self._seconds.items()}

    def of_steps(self) -> float:
        """Seconds that went into steps, with the loading of their data."""
        found = self.seconds()
        return sum(found.get(activity, 0.0) for activity in STEPS)

    def _turn_to(self, activity: Activity) -> None:
        now = self._now()
        self._seconds[self._activity] = self._seconds.get(self._activity, 0.0) + now - self._since
        self._activity, self._since = activity, now
