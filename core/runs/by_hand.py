"""The learning rates that a person set while a run trained: no config says them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import events

KEY = "lr by hand"
"""Beside the keys of the configs, where runs are compared."""


@dataclass(frozen=True, slots=True)
class RateChange:
    """From step `step` on the rate was `after` in place of `before`, and the schedule went on from there."""

    step: int
    before: float
    after: float

    def __str__(self) -> str:
        return f"{self.before:.4g} → {self.after:.4g} at step {self.step:,}"


def rate_changes(taken: Sequence[events.CommandTaken]) -> list[RateChange]:
    """The changes of the rate among the commands that a run took."""
    return [
        RateChange(event.step or 0, event.before, event.after)
        for event in taken
        if event.before is not None and event.after is not None
    ]


def in_short(changes: Sequence[RateChange]) -> str | None:
    """The changes as one value; of several the first and the last; None where there is none."""
    if not changes:
        return None
    first, last = changes[0], changes[-1]
    if len(changes) == 1:
        return str(first)
    return f"{first.before:.4g} → {last.after:.4g}, {len(changes)} times, step {first.step:,} to {last.step:,}"


def differences(
    configs: Mapping[str, list[Any]], runs: Sequence[Sequence[events.CommandTaken]]
) -> dict[str, list[Any]]:
    """What sets runs apart with a row for the rates set by hand, where there are any.

    Args:
        configs: where their configs differ.
        runs: the commands that each took.
    """
    values = [in_short(rate_changes(taken)) for taken in runs]
    return {**configs, KEY: values} if any(values) else dict(configs)
