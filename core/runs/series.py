"""The metrics of a run over its steps, in arrays: made an event at a time, or of many at once."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core import events


def _whole() -> array[int]:
    return array("q")


def _real() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Series:
    """One metric over the run: parallel arrays, in the order of the events. `values` may hold NaN and infinity.

    Steps are int64, all else float64 (`times` in unix seconds): a million of each take 32 MB, not 130 as lists.
    """

    steps: array[int] = field(default_factory=_whole)
    epochs: array[float] = field(default_factory=_real)
    times: array[float] = field(default_factory=_real)
    values: array[float] = field(default_factory=_real)

    def append(self, step: int, epoch: float, time: float, value: float) -> None:
        self.steps.append(step)
        self.epochs.append(epoch)
        self.times.append(time)
        self.values.append(value)

    def extend(self, other: Series) -> None:
        self.steps.extend(other.steps)
        self.epochs.extend(other.epochs)
        self.times.extend(other.times)
        self.values.extend(other.values)

    def cut(self, step: int) -> None:
        """Drop what stands after `step`."""
        kept = [index for index, at in enumerate(self.steps) if at <= step]
        self.steps = array("q", [self.steps[index] for index in kept])
        self.epochs = array("d", [self.epochs[index] for index in kept])
        self.times = array("d", [self.times[index] for index in kept])
        self.values = array("d", [self.values[index] for index in kept])


def of_steps(logged: Sequence[Mapping[str, Any]]) -> list[dict[str, Series]] | None:
    """The metrics of many StepLogged, as JSON has them: metric -> its values, anew wherever other metrics were logged.

    Returns:
        None where one of them is not as they are written.
    """
    try:
        return [_columns([*group]) for _, group in itertools.groupby(logged, lambda data: [*data["metrics"]])]
    except (KeyError, TypeError, AttributeError, OverflowError):
        return None


def _columns(logged: Sequence[Mapping[str, Any]]) -> dict[str, Series]:
    """Each metric of what was logged, all of it with the same metrics."""
    steps = array("q", [data["step"] for data in logged])
    epochs = array("d", [data["epoch"] for data in logged])
    times = array("d", [data["t"] for data in logged])
    return {
        name: Series(steps, epochs, times, _values([data["metrics"][name] for data in logged]))
        for name in logged[0]["metrics"]
    }


def _values(written: Sequence[Any]) -> array[float]:
    try:
        return array("d", written)
    except TypeError:  # NaN and infinity are words
        return array("d", map(events.number, written))
