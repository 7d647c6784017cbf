"""A run as a chart sees it: its curves along any axis, what happened when, and what stands at one place."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.events import TOKENS
from tui.charts.blocks import Blocks, Floats
from tui.charts.curve import Curve, curve

if TYPE_CHECKING:
    from core.runs.series import Series
    from tui.follow import RunFollower

Axis = Literal["step", "epoch", "time", "tokens"]
AXES: tuple[Axis, ...] = ("step", "epoch", "time", "tokens")
Sign = Literal["evaluated", "saved", "evaluated, saved", "command", "learning rate"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, and where on the x axis."""

    x: float
    sign: Sign


@dataclass(frozen=True, slots=True)
class Reading:
    """The value next to a place, and the range of those that the place stands for (`count` of them)."""

    x: float
    value: float
    low: float
    high: float
    count: int


class Source:
    """The curves of a run that somebody follows.

    Attributes:
        color: the number of its colour.
    """

    def __init__(self, run: RunFollower) -> None:
        self.run = run
        self.color = 0
        self._blocks: dict[str, Blocks] = {}

    @property
    def name(self) -> str:
        started = self.run.state.started
        return started.name if started else self.run.path.name

    @property
    def size(self) -> int:
        """How many values and marks there are: another number means that something came."""
        state = self.run.state
        return sum(len(item.values) for item in state.series.values()) + len(state.checkpoints) + len(state.commands)

    def prepare(self) -> None:
        """Put every series into its blocks: milliseconds for each million of values."""
        for name in [*self.run.state.series]:
            self._updated(name)

    def axes(self) -> list[Axis]:
        """What the x axis can show; tokens only where the run counts them."""
        return [axis for axis in AXES if axis != "tokens" or TOKENS in self.run.state.series]

    def curve(self, metric: str, axis: Axis, smoothing: float, log: bool) -> Curve | None:
        """One metric; None where the run has none of it."""
        series = self.run.state.series.get(metric)
        if series is None or not series.values:
            return None
        blocks = self._updated(metric)
        return curve(self._along(axis, series, blocks.size), blocks, smoothing, log)

    def last_x(self, metric: str, axis: Axis) -> float:
        """Where the latest value stands."""
        return float(self._along(axis, self.run.state.series[metric], 1, slice(-1, None))[0])

    def bad(self, metric: str) -> tuple[int, int]:
        """How many values are NaN or infinite, and how many of the others are not above 0."""
        blocks = self._updated(metric)
        return int(blocks.bad.sum()), int(blocks.not_positive.sum())

    def marks(self, axis: Axis) -> list[Mark]:
        """Checkpoints, evaluations, commands."""
        state = self.run.state
        evaluated = next((item for name, item in state.series.items() if name.startswith("eval_")), None)
        steps = evaluated.steps if evaluated is not None else array("q")
        known, saved = set(steps), {event.step for event in state.checkpoints}
        found = [
            Mark(x, "evaluated, saved" if event.step in known else "saved")
            for event, x in zip(state.checkpoints, self._of_events(axis, state.checkpoints), strict=True)
        ]
        if evaluated is not None:
            places = self._along(axis, evaluated, 1).tolist()
            found += [Mark(x, "evaluated") for step, x in zip(steps, places, strict=True) if step not in saved]
        for event, x in zip(state.commands, self._of_events(axis, state.commands), strict=True):
            found.append(Mark(x, "command" if event.after is None else "learning rate"))
        return found

    def read(self, metric: str, axis: Axis, begin: float, end: float, before: bool = False) -> Reading | None:
        """What stands between two places on the x axis; else the value nearest to the middle of them.

        Args:
            before: rather the latest value before them than the nearest; None where there was none yet.
        """
        series = self.run.state.series.get(metric)
        if series is None or not series.values:
            return None
        places = self._searched(axis, series)
        first, last = (self._unit(axis, x) for x in (begin, end))
        left, right = bisect_left(places, first), bisect_right(places, last)
        middle = (first + last) / 2
        near = min(bisect_left(places, middle), len(places) - 1)
        if near and middle - places[near - 1] < places[near] - middle:
            near -= 1
        if before and not left <= near < right:
            near = right - 1
        if near < 0:
            return None
        within: Sequence[float] = series.values[left:right] if left <= near < right else ()
        finite = np.frombuffer(within) if isinstance(within, array) else np.array([series.values[near]])
        finite = finite[np.isfinite(finite)]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (np.nan, np.nan)
        at = float(self._along(axis, series, 1, slice(near, near + 1))[0])
        return Reading(at, series.values[near], low, high, len(within))

    def _updated(self, metric: str) -> Blocks:
        blocks = self._blocks.setdefault(metric, Blocks())
        blocks.update(self.run.state.series[metric].values)
        return blocks

    def _along(self, axis: Axis, series: Series, every: int, part: slice | None = None) -> Floats:
        """Where the values of a series stand, of `every` so many the first."""
        column = self._searched(axis, series)
        found = np.array((column[part] if part is not None else column)[::every], dtype=float)
        return self._shown(axis, found)

    def _of_events(self, axis: Axis, events: Iterable[Any]) -> list[float]:
        field = {"epoch": "epoch", "time": "t"}.get(axis, "step")
        found = np.array([float(getattr(event, field) or 0.0) for event in events])
        return self._shown(axis, found).tolist()

    def _searched(self, axis: Axis, series: Series) -> array[Any]:
        """The column of a series that an axis is made from."""
        return {"epoch": series.epochs, "time": series.times}.get(axis, series.steps)

    def _shown(self, axis: Axis, column: Floats) -> Floats:
        """From a column to the unit of the axis: seconds since the start; tokens that were seen up to a step."""
        if axis == "time":
            return column - self._began
        if axis == "tokens":
            tokens = self.run.state.series[TOKENS]
            return np.interp(column, np.array(tokens.steps), np.array(tokens.values))
        return column

    def _unit(self, axis: Axis, x: float) -> float:
        """The way back."""
        if axis == "time":
            return x + self._began
        if axis == "tokens":
            tokens = self.run.state.series[TOKENS]
            return float(np.interp(x, np.array(tokens.values), np.array(tokens.steps)))
        return x

    @property
    def _began(self) -> float:
        return min(item.times[0] for item in self.run.state.series.values() if item.times)


def give_colors(sources: Sequence[Source], count: int) -> None:
    """Each run the colour that its folder's name stands for, so that it keeps it; the next one where it is taken."""
    taken: set[int] = set()
    for source in sorted(sources, key=lambda source: source.run.path.name):
        color = zlib.crc32(source.run.path.name.encode()) % count
        while color in taken and len(taken) < count:
            color = (color + 1) % count
        taken.add(color)
        source.color = color
