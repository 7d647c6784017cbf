"""Rules for how far it has come: learning, converged, plateau, underfitting, overfitting, gap, flat accuracy."""

from __future__ import annotations

from statistics import median

from core.training.diagnosis.curves import Curves, Line
from core.training.diagnosis.findings import Finding, figure, percent

MIN_POINTS = 20
MIN_EVALUATIONS = 4
RISE = 0.05
"""Overfitting: the evaluation loss lies by this share above its lowest value,"""
RISE_OF_START = 0.02
"""by this share of the loss that training began with,"""
JUMPS = 2.0
"""and by so many times what it jumps from one evaluation to the next."""
LEARNT = 0.9
"""The training loss has fallen below this share of its start: without learning there is nothing to overfit."""
GAP = 0.15
"""A gap: evaluation lies above training by this share of the loss that training began with,"""
GAP_RATIO = 1.3
"""and is so many times as high."""
LATE = 0.3
"""Whether a curve stands still is read off this last share of it."""
STILL = 0.035
"""It stands still where it fell by less than this share of its whole fall."""
STARTED = 0.1
"""It has learnt something where it fell by this share of its start."""
CONVERGED = 0.4
"""Standing still below this share of the start is convergence; above it, a plateau."""
BEGUN = 0.2
"""Before this share of the planned steps nothing is said of the course."""
SETTLED = 0.4
"""Before this share of the planned steps nothing is said to have come to rest."""
UNDERFIT = 0.7
"""Standing still above this share of the start, with no gap, is underfitting."""
ACCURATE = 0.9
"""With such an accuracy a loss that stands still has converged, whatever it began with."""
FALLS = 0.05
"""The evaluation loss falls, for `accuracy_flat`: by this share over the last quarter of the evaluations."""
ACCURACY_STILL = 0.005
"""Accuracy stands still where it stays within this range."""


def overfitting(curves: Curves) -> Finding | None:
    """The evaluation loss has turned and rises, while the training loss goes on falling."""
    line = curves.eval_loss
    if len(line) < MIN_EVALUATIONS or len(curves.loss) < 5:
        return None
    lowest = min(line.values)
    turn = line.values.index(lowest)
    step, last = line.steps[turn], median(line.values[-2:])
    noise = JUMPS * curves.eval_wobble * lowest
    if turn > len(line) - 3 or last - lowest < max(RISE * lowest, RISE_OF_START * curves.start, noise):
        return None
    before = curves.loss.just_before(step)
    if curves.end > LEARNT * curves.origin or (before and curves.end > 0.97 * median(before)):
        return None
    text = (
        f"the evaluation loss rose from {figure(lowest)} at step {step} to {figure(line.values[-1])} "
        f"({percent(line.values[-1] / lowest - 1)}), while the training loss fell to {figure(curves.end)}"
    )
    return Finding("overfitting", step, text)


def gap(curves: Curves) -> Finding | None:
    """Evaluation lies far above training."""
    line = curves.eval_loss
    if len(line) < 2 or len(curves.loss) < 5:
        return None
    found: int | None = None
    for step, value in zip(reversed(line.steps), reversed(line.values), strict=True):
        train = curves.loss.just_before(step)
        if not train or not _apart(value, median(train), curves.start):
            break
        found = step
    if found is None or found == line.steps[-1]:
        return None
    text = f"evaluation loss {figure(line.values[-1])}, training loss {figure(curves.end)}: apart since step {found}"
    return Finding("gap", found, text)


def _apart(evaluation: float, train: float, start: float) -> bool:
    return evaluation - train >= GAP * start and evaluation >= GAP_RATIO * train


def accuracy_flat(curves: Curves) -> Finding | None:
    """The evaluation loss falls, the accuracy does not move: over the last quarter, three evaluations at least."""
    losses, scores = curves.eval_loss, curves.accuracy
    count = max(3, len(losses) // 4)
    if len(losses) < MIN_EVALUATIONS or len(scores) < count:
        return None
    first, last = losses.values[-count], losses.values[-1]
    recent = scores.values[-count:]
    falls = all(b <= a for a, b in zip(losses.values[-count:], losses.values[-count + 1 :], strict=False))
    if not falls or last > (1 - FALLS) * first or max(recent) - min(recent) > ACCURACY_STILL:
        return None
    text = (
        f"since step {losses.steps[-count]} the evaluation loss fell from {figure(first)} to {figure(last)}, "
        f"the accuracy stays at {figure(recent[-1])}"
    )
    return Finding("accuracy_flat", losses.steps[-count], text)


def course(curves: Curves) -> Finding | None:
    """Where it stands: learning, converged, on a plateau or underfitting; nothing where there is too little to see."""
    if len(curves.loss) < MIN_POINTS or curves.last < BEGUN * curves.total:
        return None
    share = 1 - curves.end / curves.start
    line = _reference(curves)
    still = _still_since(line, curves)
    figures = f"the training loss fell by {percent(share)}, from {figure(curves.start)} to {figure(curves.end)}"
    if still is None:
        return Finding("learning", line.steps[0], figures) if share >= STARTED else None
    where = f"{figures}; little has changed since step {still}"
    if curves.last < SETTLED * curves.total:
        return None
    if curves.end <= CONVERGED * curves.start or max(curves.accuracy.values[-1:], default=0.0) >= ACCURATE:
        return Finding("converged", still, where)
    # A language model begins with what it knows already: its start says nothing of what it could reach.
    if share >= STARTED and (curves.end < UNDERFIT * curves.start or curves.language_model):
        return Finding("plateau", still, where)
    return Finding("underfitting", still, where)


def _reference(curves: Curves) -> Line:
    """What tells whether it still gets better: the evaluations, where there are enough, else the training loss."""
    return curves.eval_loss if len(curves.eval_loss) >= 6 else curves.loss.pieces(20)


def _still_since(line: Line, curves: Curves) -> int | None:
    """The step since when `line` stands still; None where it still falls."""
    begin = line.steps[-1] - LATE * (line.steps[-1] - curves.loss.steps[0])
    late = line.since(begin).values
    earlier = line.until(int(begin)).values
    end = median(line.values[-2:])
    whole = max(curves.start - end, 0.0)
    fell = (median(earlier[-2:]) if earlier else late[0]) - end
    band = max(STILL * whole, 0.01 * curves.start, 0.3 * curves.roughness * end / max(1, len(late)) ** 0.5)
    if fell > band:
        return None
    for step, value in zip(reversed(line.steps), reversed(line.values), strict=True):
        if value - end > band:
            return step
    return line.steps[0]
