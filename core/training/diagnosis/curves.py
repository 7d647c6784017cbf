"""The series of a run as the rules see them: finite, thinned, with the levels and the noise that rules compare."""

from __future__ import annotations

import itertools
import math
import operator
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import Protocol

LOSSES = ("loss", "eval_loss")
POINTS = 600
"""A longer series is thinned to at most this many points, the extremes of each stretch among them."""


ABSURD_LOSS = 10.0
"""No guess has a cross-entropy above that of an even guess over 22,000 classes (natural logarithm),"""
ABSURD_LM_LOSS = 15.0
"""a language model's above that over three million tokens;"""
ABSURD_SHARE = 1.4
"""where it is known how many there are to choose from, above so many times that of an even guess over them."""
OVER_UNTRAINED = 1.5
"""A model from elsewhere may be sure of wrong answers: only a loss so far above that of its first step, which is of the
weights as they came, is the training's doing."""


class Measured(Protocol):
    """What is read of a series: parallel lists (`core.runs.series.Series` is one)."""

    @property
    def steps(self) -> Sequence[int]: ...
    @property
    def values(self) -> Sequence[float]: ...


@dataclass(slots=True)
class Line:
    """Finite points in the order of their steps."""

    steps: Sequence[int] = field(default_factory=list)
    values: Sequence[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.steps)

    def until(self, step: int) -> Line:
        """The points up to `step` and with it."""
        end = bisect_right(self.steps, step)
        return Line(self.steps[:end], self.values[:end])

    def just_before(self, step: int) -> Sequence[float]:
        """The values of the last five points up to `step`."""
        end = bisect_right(self.steps, step)
        return self.values[max(0, end - 5) : end]

    def since(self, step: float) -> Line:
        """The points after `step`."""
        begin = bisect_right(self.steps, step)
        return Line(self.steps[begin:], self.values[begin:])

    def pieces(self, count: int) -> Line:
        """Means over stretches of equally many points, each at its last step: the course without the noise."""
        size = max(1, math.ceil(len(self) / count))
        starts = range(0, len(self), size)
        steps = [self.steps[min(start + size, len(self)) - 1] for start in starts]
        return Line(steps, [_mean(self.values[start : start + size]) for start in starts])

    def thinned(self) -> Line:
        """At most POINTS points: of each stretch its lowest and its highest, in their order."""
        if len(self) <= POINTS:
            return self
        size = math.ceil(len(self) / (POINTS // 2))
        kept: list[int] = []
        for start in range(0, len(self), size):
            part = self.values[start : start + size]
            kept += sorted({start + part.index(min(part)), start + part.index(max(part))})
        return Line([self.steps[index] for index in kept], [self.values[index] for index in kept])


class Curves:
    """The training loss, the evaluation loss and the accuracy of a run, what is finite of them.

    Attributes:
        loss: the training loss, every point of it.
        eval_loss, accuracy: as evaluated; empty where they were not.
        rate: the learning rate.
        broken: the first step with a loss that is not finite, and its name; None where there is none.
        broken_as: what it was, in words: NaN or infinite.
        dead: and the last one is not finite either; else the run came back, and is judged by what is finite.
        language_model: perplexity is measured.
        cross_entropy: the loss is one; where nobody says so: only for such a loss accuracy or perplexity are measured.
        worst: a cross-entropy above this is worse than any guess, and not what the model brought along.
        total: planned steps; the last step where they are not known.
    """

    def __init__(
        self,
        series: Mapping[str, Measured],
        total: int | None = None,
        cross_entropy: bool | None = None,
        choices: int | None = None,
        untrained: float | None = None,
    ) -> None:
        self.broken: tuple[int, str] | None = None
        self.broken_as = ""
        self.dead = any(
            not math.isfinite(value) for name in LOSSES if name in series for value in series[name].values[-1:]
        )
        self.loss = self._read(series, "loss")
        self.eval_loss = self._read(series, "eval_loss")
        self.rate = self._read(series, "learning_rate")
        self.accuracy = self._read(series, "eval_accuracy")
        self.language_model = "eval_perplexity" in series
        measured = self.language_model or "eval_accuracy" in series
        self.cross_entropy = measured if cross_entropy is None else cross_entropy
        self.worst = ABSURD_LM_LOSS if self.language_model else ABSURD_LOSS
        if choices is not None:
            self.worst = max(ABSURD_LOSS, ABSURD_SHARE * math.log(choices))
        if untrained is not None and math.isfinite(untrained):
            self.worst = max(self.worst, OVER_UNTRAINED * untrained)
        if self.broken is not None and self.dead:
            self.loss, self.eval_loss = self.loss.until(self.broken[0]), self.eval_loss.until(self.broken[0])
        self.last = max([*self.loss.steps[-1:], *self.eval_loss.steps[-1:], 0])
        self.total = max(total or 0, self.last)

    def _read(self, series: Mapping[str, Measured], name: str) -> Line:
        found = series.get(name)
        if found is None:
            return Line()
        if not all(map(operator.lt, found.steps, found.steps[1:])):
            found = _forward(found)
        if all(map(math.isfinite, found.values)):
            return Line(found.steps, found.values)
        finite = [(step, value) for step, value in zip(found.steps, found.values, strict=True) if math.isfinite(value)]
        first = next(step for step, value in zip(found.steps, found.values, strict=True) if not math.isfinite(value))
        if name in LOSSES and (self.broken is None or first < self.broken[0]):
            self.broken = first, name
            at = list(found.steps).index(first)
            self.broken_as = "NaN" if math.isnan(found.values[at]) else "infinite"
        return Line([step for step, _ in finite], [value for _, value in finite])

    @cached_property
    def start(self) -> float:
        """The level of the training loss at the beginning."""
        return median(self.loss.values[: max(3, min(30, len(self.loss) // 50))])

    @cached_property
    def origin(self) -> float:
        """Where it began, were the first points a leap already."""
        return min(self.start, self.loss.values[0])

    @cached_property
    def end(self) -> float:
        """Its level over the last tenth."""
        late = self.loss.values[-max(5, len(self.loss) // 10) :]
        return median(late[:: math.ceil(len(late) / POINTS)])

    @cached_property
    def tenths(self) -> Line:
        """The training loss, a tenth of its points at a time."""
        return self.loss.pieces(10)

    @cached_property
    def roughness(self) -> float:
        """How far two neighbouring points lie apart, as a share of the level; the worst twentieth left out."""
        values = self.loss.values[len(self.loss) // 5 :]
        if len(values) < 5:
            return 0.0
        pairs = range(0, len(values) - 1, math.ceil(len(values) / POINTS))
        jumps = sorted(abs(values[at + 1] - values[at]) for at in pairs)
        kept = jumps[: max(1, math.floor(0.95 * len(jumps)))]
        return _mean(kept) / max(_mean(values), 0.15 * self.start, 1e-12)

    @cached_property
    def eval_wobble(self) -> float:
        """How far two neighbouring evaluations lie apart, as a share of their level."""
        values = self.eval_loss.values
        if len(values) < 2:
            return 0.0
        return _mean([abs(b - a) for a, b in itertools.pairwise(values)]) / max(_mean(values), 1e-12)


def _forward(line: Measured) -> Line:
    """Without what was measured again: the last evaluation is of the best weights, and has the step of those."""
    kept: list[int] = []
    for index, step in enumerate(line.steps):
        if not kept or step > line.steps[kept[-1]]:
            kept.append(index)
    return Line([line.steps[index] for index in kept], [line.values[index] for index in kept])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
