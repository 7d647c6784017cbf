"""After a training: what level it reached, whether sooner, how far evaluation lies off, whether longer would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from core.training.diagnosis.curves import Curves, Line, Measured
from core.training.diagnosis.findings import figure, percent

NEAR = 0.01
"""Within this share of the last level it counts as reached."""
TAIL = 0.2
"""Whether longer would help is read off this last share of the run."""
MOVES = 0.01
"""The level moves where it changed by more than this share over the tail."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known when the last step is done; None where it cannot be known.

    Attributes:
        metric: what levels are of: `eval_loss`, or `loss` where too little was evaluated.
        final, best: the level at the end, and the lowest one.
        best_step: where that was.
        after_best: share of the run that came after it.
        reached_step: the first step within 1 % of the final level.
        gap: evaluation loss minus training loss at the end.
        tail: change of the level over the last fifth of the run, as a share; below 0 it still falls.
    """

    metric: str
    final: float
    best: float
    best_step: int
    after_best: float
    reached_step: int
    gap: float | None
    tail: float

    @property
    def longer_helps(self) -> bool:
        """It still falls, and the best value is the last."""
        return self.tail < -MOVES and self.after_best <= TAIL

    def sentences(self, sound: bool = True) -> list[str]:
        """The same for people; of a run that went wrong (not `sound`) nothing is said of going on."""
        name = self.metric.replace("eval_", "evaluation ")
        ends = f"the {name} ends at {figure(self.final)}"
        if self.after_best > 0 and self.final > (1 + NEAR) * self.best:
            ends += f"; it was best at step {self.best_step} ({figure(self.best)}), "
            ends += f"{percent(self.after_best)} of the run came after"
        else:
            ends += f", its best; it was within {percent(NEAR)} of that from step {self.reached_step} on"
        lines = [ends]
        if self.gap is not None:
            side = "above" if self.gap >= 0 else "below"
            lines.append(f"generalisation gap: evaluation lies {figure(abs(self.gap))} {side} training")
        if not sound:
            return lines
        over = f"over the last {percent(TAIL)} of the run it changed by {percent(self.tail)}"
        if self.longer_helps:
            lines.append(f"longer would probably help: {over}")
        elif self.tail > MOVES:
            lines.append(f"longer would not help: {over}, upwards")
        else:
            lines.append(f"longer would hardly help: {over}")
        return lines


def verdict(series: Mapping[str, Measured], total_steps: int | None = None) -> Verdict | None:
    """The verdict on a run that is over; None where fewer than five points of a finite loss were logged."""
    curves = Curves(series, total_steps)
    if len(curves.loss) < 5:
        return None
    evaluated = len(curves.eval_loss) >= 3
    line = curves.eval_loss if evaluated else curves.loss.pieces(20)
    final, best = line.values[-1], min(line.values)
    best_step = line.steps[line.values.index(best)]
    gap = line.values[-1] - curves.end if evaluated else None
    return Verdict(
        metric="eval_loss" if evaluated else "loss",
        final=final,
        best=best,
        best_step=best_step,
        after_best=1 - best_step / line.steps[-1] if line.steps[-1] else 0.0,
        reached_step=next(step for step, value in _pairs(line) if value <= final + NEAR * abs(final)),
        gap=gap,
        tail=_tail(line, final),
    )


def _pairs(line: Line) -> list[tuple[int, float]]:
    return list(zip(line.steps, line.values, strict=True))


def _tail(line: Line, final: float) -> float:
    """Change from the level before the last fifth to the last level."""
    begin = int(line.steps[-1] * (1 - TAIL))
    before = line.until(begin).values[-2:] or line.values[:1]
    level = median(before)
    return final / level - 1 if level else 0.0
