"""Rules for how far it has come: learning, converged, plateau, underfitting, overfitting, gap, flat accuracy."""

from __future__ import annotations

import itertools
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
FEW = 5
"""With so many evaluations and fewer it is overfitting, too,"""
PARTED = 0.03
"""where it lies by this share above its lowest value,"""
PARTED_STEPS = 0.2
"""over this share of the steps,"""
PARTED_FALL = 0.9
"""in which the training loss fell below this share of what it was."""
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
CONFIRMED = 0.2
"""While the run trains: it stood still by this share of the steps before, too. At its end nothing is waited for."""
UNDERFIT = 0.7
"""Standing still above this share of the start, with no gap, is underfitting;"""
UNDERFIT_SETTLED = 0.6
"""not before this share of the planned steps: the training loss falls in stairs, an epoch each."""
UNMOVED = 0.01
"""A loss that fell by less than this share of its start did not fall."""
TURNING = 0.03
"""Nothing is said of the course where the evaluation loss, after a fall, lies by this share above its lowest value."""
ACCURATE = 0.9
"""With such an accuracy a loss that stands still has converged, whatever it began with."""
FALLS = 0.05
"""The evaluation loss falls, for `accuracy_flat`: by this share over the last quarter of the evaluations."""
ACCURACY_STILL = 0.005
"""Accuracy stands still where it stays within this range."""


def overfitting(curves: Curves) -> Finding | None:
    """The evaluation loss has turned and rises, while the training loss goes on falling."""
    line = curves.eval_loss
    if len(line) < 3 or len(curves.loss) < 5:
        return None
    lowest = min(line.values)
    turn = list(line.values).index(lowest)
    step = line.steps[turn]
    before = curves.loss.just_before(step)
    falls = curves.end / max(median(before), 1e-12) if before else 0.0
    if (
        curves.end > LEARNT * curves.origin
        or falls > 0.97
        or not (_turned(curves, turn) or _parted(curves, turn, falls))
    ):
        return None
    text = (
        f"the evaluation loss rose from {figure(lowest)} at step {step} to {figure(line.values[-1])} "
        f"({percent(line.values[-1] / lowest - 1)}), while the training loss fell to {figure(curves.end)}"
    )
    return Finding("overfitting", step, text)


def _turned(curves: Curves, turn: int) -> bool:
    """The evaluation loss rose far above the noise of the evaluations."""
    line = curves.eval_loss
    if len(line) < MIN_EVALUATIONS or turn > len(line) - 3:
        return False
    lowest = line.values[turn]
    noise = JUMPS * curves.eval_wobble * lowest
    return median(line.values[-2:]) - lowest >= max(RISE * lowest, RISE_OF_START * curves.start, noise)


def _parted(curves: Curves, turn: int, falls: float) -> bool:
    """The evaluation loss rose by more than ever before, while the training loss fell by a tenth and more.

    Args:
        falls: the training loss at the end over what it was at the turn.
    """
    line = curves.eval_loss
    if len(line) > FEW:
        return False
    long = line.steps[-1] - line.steps[turn] >= max(1, PARTED_STEPS * curves.last)
    if not long or falls > PARTED_FALL:
        return False
    lowest, known = line.values[turn], line.values[: turn + 1]
    jumped = max((after - before for before, after in itertools.pairwise(known)), default=0.0)
    rise = min(line.values[turn + 1 :][-2:]) - lowest
    return rise >= max(PARTED * lowest, RISE_OF_START * curves.start, jumped)


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
    if len(curves.loss) < MIN_POINTS or curves.last < BEGUN * curves.total or _turns(curves.eval_loss):
        return None
    share = 1 - curves.end / curves.start
    line = _reference(curves)
    still = _settled_since(line, curves)
    if still is None:
        return (
            Finding("learning", line.steps[0], _figures(curves, share) + _evaluated(curves))
            if share >= STARTED
            else None
        )
    where = f"{_figures(curves, share)}; little has changed since step {still}"
    if curves.last < SETTLED * curves.total:
        return None
    if curves.end <= CONVERGED * curves.start or max(curves.accuracy.values[-1:], default=0.0) >= ACCURATE:
        return Finding("converged", still, where)
    # A language model begins with what it knows already: its start says nothing of what it could reach.
    if share >= STARTED and (curves.end < UNDERFIT * curves.start or curves.language_model):
        return Finding("plateau", still, where)
    return Finding("underfitting", still, where) if curves.last >= UNDERFIT_SETTLED * curves.total else None


def _turns(line: Line) -> bool:
    """The newest evaluation is worse than an earlier one: whether that is noise or overfitting the next ones show."""
    return len(line) > 2 and line.values[-1] > (1 + TURNING) * min(line.values)


def _figures(curves: Curves, share: float) -> str:
    if share < UNMOVED:
        return f"the training loss did not fall: it is {figure(curves.end)}, after {figure(curves.start)} at the start"
    return f"the training loss fell by {percent(share)}, from {figure(curves.start)} to {figure(curves.end)}"


def _evaluated(curves: Curves) -> str:
    """What became of the evaluation loss by then."""
    line = curves.eval_loss
    if len(line) < 2:
        return ""
    first, last = line.values[0], line.values[-1]
    return f"; the evaluation loss {'fell' if last < first else 'rose'} from {figure(first)} to {figure(last)}"


def _settled_since(line: Line, curves: Curves) -> int | None:
    """The step since when `line` stands still; None where it still falls, or did a moment ago."""
    if curves.last >= curves.total:
        return _still_since(line, curves)
    begin = curves.loss.steps[0]
    earlier = line.until(int(line.steps[-1] - CONFIRMED * (line.steps[-1] - begin)))
    if len(earlier) and _still_since(earlier, curves) is None:
        return None
    return _still_since(line, curves)


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
