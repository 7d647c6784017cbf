"""What the learning curves show while a run trains: each finding once, as soon as there is evidence for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.runs.state import Series
from core.training.diagnosis import Finding, diagnose

SECONDS = 5.0
"""Between two looks at the curves where no evaluation asks for one: a look costs milliseconds."""
GONE_AFTER = 3
"""Looks without a finding after which it counts as gone, and is said again when it comes back."""
READ = ("loss", "learning_rate", "eval_loss", "eval_accuracy", "eval_perplexity")
"""What is kept of the log."""


class Advisor:
    """Reads the Trainer's log, which a resumed run has from its first step on.

    Args:
        now: seconds from any start; tests bring their own.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._looked = now()
        self._series: dict[str, Series] = {}
        self._read = 0
        self._absent: dict[str, int] = {}

    def look(self, log: Sequence[Mapping[str, Any]], total_steps: int, at_once: bool = False) -> list[Finding]:
        """What has not been said yet, the gravest last, so that it is what stays on the screen.

        Args:
            log: the Trainer's `log_history`; only what was added to it since the last look is read.
            at_once: look even if the last look was a moment ago: after an evaluation, or when the loss is not finite.
        """
        if not at_once and self._now() - self._looked < SECONDS:
            return []
        self._take(log)
        found = diagnose(self._series, total_steps)
        self._looked = self._now()
        new = [finding for finding in reversed(found) if finding.kind not in self._absent]
        present = {finding.kind: 0 for finding in found}
        gone = {kind: looks + 1 for kind, looks in self._absent.items() if kind not in present}
        self._absent = present | {kind: looks for kind, looks in gone.items() if looks < GONE_AFTER}
        return new

    def take_loss(self, step: int, loss: float) -> None:
        """A loss that the log does not have yet."""
        self._put("loss", step, loss)

    def _take(self, log: Sequence[Mapping[str, Any]]) -> None:
        for entry in log[self._read :]:
            for name in READ:
                if name in entry:
                    self._put(name, int(entry["step"]), float(entry[name]))
        self._read = len(log)

    def _put(self, name: str, step: int, value: float) -> None:
        series = self._series.setdefault(name, Series())
        series.steps.append(step)
        series.values.append(value)
