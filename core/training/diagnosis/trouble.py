"""Rules for what goes wrong with the numbers: not a number, diverging, spikes, noise, the learning rate."""

from __future__ import annotations

import itertools
from statistics import median

from core.training.diagnosis.curves import Curves, Line
from core.training.diagnosis.findings import Finding, figure, percent

MIN_POINTS = 15
"""Fewer logged points show no course."""

DIVERGING = 1.5
"""The loss ends at so many times its lowest level, and still does not fall,"""
FAR_ABOVE = 3.0
"""or at so many times its start."""
SPIKE = 2.0
"""A spike is so many times as high as the points on both sides of it,"""
SPIKE_NOISE = 8.0
"""and so many times their usual distance from their middle above it."""
SPIKE_ROUGH = 8.0
"""In a noisy run it has to stand out more: by so many times the noise."""
SPIKE_POINTS = 3
"""More points in a row are no spike; more spikes than that and one in 30 points are noise."""
LEAP = 2.0
"""Unstable: a point is so many times as high as the one before it,"""
LEAP_HEIGHT = 0.7
"""and reaches this share of the start again;"""
LEAPS = 3
"""so often after the first fifth of the points,"""
LEAPS_SHARE = 0.03
"""and at this share of them;"""
ROUGH = 0.52
"""or neighbouring points lie so far apart, as a share of their level (which counts as 0.15 of the start at least)."""
OVERSHOOT = 1.25
"""The rate is too high where the loss leaps to so many times its start within the first third."""
FIRST_OVERSHOOT = 2.5
"""Within the first tenth one point of this height is enough."""
FALLEN = 0.3
"""It is, too, where in the first half the loss falls below this share of its start and comes back to the start,"""
BACK = 2
"""so many times;"""
REBOUND = 0.5
"""It is, too, where in the first third the loss comes back to this share of its start after that fall,"""
RESTLESS = 0.1
"""and an evaluation differs from the one before by such a share of its level (the median), up and down:"""
RESTLESS_TURNS = 3
"""so often each. A small batch makes the training loss jump, not the evaluation of all rows: the weights do."""
JUMPING = 0.04
"""or where the evaluation loss jumps up and down by such a share from one evaluation to the next,"""
JUMPING_RATIO = 3.0
"""and so travels at least so many times as far as a way down to its lowest value and up to its last one would be."""
BEYOND = 100.0
"""So many times its start the loss needs no second look: one point is enough, the last one."""
BARELY = 0.1
"""Too low: the loss fell by less than this share of its start, evenly over the run."""
EVENLY = 0.9
"""Evenly: the first half of the evaluations has at most this share of the fall (0.75 under a linear schedule)."""
TRAVEL = 1e-3
"""The rate summed over the steps: with AdamW, or gradients clipped to 1, no weight moves farther than that."""


def nan(curves: Curves) -> Finding | None:
    """A loss that is NaN or infinite."""
    if curves.broken is None:
        return None
    step, name = curves.broken
    title = name.replace("eval_", "evaluation ")
    if not curves.dead:
        return Finding("nan", step, f"the {title} was {curves.broken_as} at step {step}, and came back")
    line = curves.loss if name == "loss" else curves.eval_loss
    before = f"; it was {figure(line.values[-1])} before" if len(line) else ""
    return Finding("nan", step, f"the {title} is {curves.broken_as} since step {step}{before}")


def diverging(curves: Curves) -> Finding | None:
    """It fell, or stood, and now rises far above its lowest level."""
    if _beyond(curves) and curves.last > curves.total // 3:
        text = f"the training loss rose from {figure(curves.origin)} to {figure(curves.loss.values[-1])}"
        return Finding("diverging", curves.loss.steps[-1], text)
    if len(curves.loss) < MIN_POINTS:
        return None
    tenths = curves.tenths.values
    lowest = min(tenths)
    step = curves.tenths.steps[tenths.index(lowest)]
    late = curves.last - step >= 0.15 * curves.last
    rises = curves.end >= FAR_ABOVE * curves.start or (
        tenths[-1] >= 0.95 * tenths[-2] and curves.end >= 0.95 * median(tenths[-3:])
    )
    far = curves.end >= DIVERGING * lowest and curves.end - lowest >= max(0.25, curves.roughness) * curves.start
    if not (late and rises and far):
        return None
    text = f"the training loss rose from {figure(lowest)} at step {step} to {figure(curves.end)}"
    return Finding("diverging", step, text)


def _beyond(curves: Curves) -> bool:
    """The last training loss is a hundred times what it began with."""
    return curves.loss.values[-1] >= BEYOND * curves.loss.values[0]


def spike(curves: Curves) -> Finding | None:
    """A few points far above their neighbours, and the loss comes back."""
    line = curves.loss.thinned()
    found = _spikes(line, curves.start, max(SPIKE, 1 + SPIKE_ROUGH * curves.roughness))
    if not found or len(found) > max(SPIKE_POINTS, len(line) // 30):
        return None
    first, height, around = found[0]
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return Finding(
        "spike",
        first,
        f"the loss jumps to {figure(height)} at step {first}, from {figure(around)}, and comes back{more}",
    )


def _spikes(line: Line, start: float, times: float) -> list[tuple[int, float, float]]:
    """Step, height and surroundings of each."""
    values, found, width = line.values, [], 6
    at = width
    while at < len(values) - 3:
        left = values[at - width : at]
        if values[at] <= times * min(left):  # most points: cheaper than the medians
            at += 1
            continue
        right = values[at + SPIKE_POINTS : at + SPIKE_POINTS + width]
        around = max(median(left), median(right)) if right else median(left)
        spread = median(abs(value - around) for value in (*left, *right))
        if values[at] > max(times * around, around + SPIKE_NOISE * spread, around + 0.15 * start):
            height = max(values[at : at + SPIKE_POINTS])
            found.append((line.steps[at], height, around))
            at += SPIKE_POINTS
        at += 1
    return found


def unstable(curves: Curves) -> Finding | None:
    """Again and again the loss leaps back to where it began."""
    line, height = curves.loss.since(curves.loss.steps[len(curves.loss) // 5]).thinned(), LEAP_HEIGHT * curves.start
    pairs = zip(line.values, line.values[1:], line.steps[1:], strict=False)
    leaps = [step for before, after, step in pairs if after >= height and after >= LEAP * before]
    if len(leaps) < max(LEAPS, LEAPS_SHARE * len(line)):
        if len(line) < MIN_POINTS or curves.roughness < ROUGH:
            return None
        text = f"the training loss jumps by {percent(curves.roughness)} of its level from one logged point to the next"
        return Finding("unstable", line.steps[0], text)
    text = (
        f"the training loss leaps to {figure(height)} and more, at least doubling from one logged point to the next, "
        f"{len(leaps)} times since step {leaps[0]}"
    )
    return Finding("unstable", leaps[0], text)


def rate_too_high(curves: Curves) -> Finding | None:
    """A leap at the start, an evaluation that jumps about, a loss beyond any guess, or a rise that ends in NaN."""
    loss, start = curves.loss, curves.start
    if curves.dead:
        if len(loss) >= 3 and max(loss.values[-5:]) >= 2 * start:
            text = f"the loss rose from {figure(start)} to {figure(max(loss.values[-5:]))} before it broke"
            return Finding("rate_too_high", loss.steps[-1], text)
        return None
    if curves.cross_entropy and start > curves.worst:
        text = f"the loss was {figure(start)} after the first steps, worse than any guess"
        if len(loss) >= MIN_POINTS:
            text += f", and is {figure(curves.end)} now"
        return Finding("rate_too_high", loss.steps[0], text)
    if _beyond(curves) and curves.last <= curves.total // 3:
        text = f"the loss rose from {figure(curves.origin)} to {figure(loss.values[-1])} at step {loss.steps[-1]}"
        return Finding("rate_too_high", loss.steps[-1], text)
    if len(loss) < MIN_POINTS:
        return None
    absurd = _absurd(curves)
    if absurd is not None:
        return absurd
    leap = _leap(curves)
    if leap is not None:
        step, height = leap
        text = (
            f"the loss leapt from {figure(curves.origin)} to {figure(height)} at step {step}, now {figure(curves.end)}"
        )
        return Finding("rate_too_high", step, text)
    return _back(curves) or _restless(curves) or _jumping(curves)


def _absurd(curves: Curves) -> Finding | None:
    """In the first third the loss of training or evaluation is twice worse than any guess; once may be a bad batch."""
    if not curves.cross_entropy:
        return None
    early = [line.until(curves.total // 3) for line in (curves.loss, curves.eval_loss)]
    found = sorted(
        (step, value)
        for line in early
        for step, value in zip(line.steps, line.values, strict=True)
        if value > curves.worst
    )
    if len(found) < 2:
        return None
    top = max(value for _, value in found)
    text = f"the loss was up to {figure(top)} in the first steps, worse than any guess, and is {figure(curves.end)} now"
    return Finding("rate_too_high", found[0][0], text)


def _back(curves: Curves) -> Finding | None:
    """In the first half the loss falls far and leaps back to where it began, again and again."""
    early, low, steps = curves.loss.until(curves.total // 2).thinned(), False, []
    for step, value in zip(early.steps, early.values, strict=True):
        if low and value >= curves.origin:
            steps.append(step)
            low = False
        low = low or value <= FALLEN * curves.origin
    if len(steps) < BACK:
        return None
    text = f"the loss fell far and leapt back to where it began {len(steps)} times, first at step {steps[0]}"
    return Finding("rate_too_high", steps[0], text)


def _restless(curves: Curves) -> Finding | None:
    """The loss falls far and comes back early, and the evaluations never come to rest."""
    line, values = curves.loss.until(curves.total // 3).thinned(), curves.eval_loss.values
    changes = [after - before for before, after in itertools.pairwise(values)]
    if min(sum(change > 0 for change in changes), sum(change < 0 for change in changes)) < RESTLESS_TURNS:
        return None
    shares = (2 * abs(after - before) / max(after + before, 1e-12) for before, after in itertools.pairwise(values))
    share = median(shares)
    fallen = next((at for at, value in enumerate(line.values) if value <= FALLEN * curves.origin), len(line))
    height, step = max(zip(line.values[fallen:], line.steps[fallen:], strict=True), default=(0.0, 0))
    if share < RESTLESS or height < REBOUND * curves.origin:
        return None
    text = (
        f"the loss fell from {figure(curves.origin)} to {figure(line.values[fallen])} and was back at {figure(height)} "
        f"at step {step}; the evaluation loss jumps by {percent(share)} from one evaluation to the next"
    )
    return Finding("rate_too_high", step, text)


def _leap(curves: Curves) -> tuple[int, float] | None:
    """A point far above the start in the first tenth of the run, or two in a row in the first third.

    Two have to stand out of the noise.
    """
    first = curves.loss.until(curves.total // 10)
    top = max(first.values, default=0.0)
    if top >= FIRST_OVERSHOOT * curves.origin:
        return first.steps[list(first.values).index(top)], top
    early = curves.loss.until(curves.total // 3).thinned()
    pairs = [(min(a, b), step) for a, b, step in zip(early.values, early.values[1:], early.steps, strict=False)]
    if not pairs:
        return None
    height, step = max(pairs)
    usual = OVERSHOOT + 1.5 * min(curves.roughness, 1.0)
    return (step, height) if height >= usual * curves.origin else None


def _jumping(curves: Curves) -> Finding | None:
    """Evaluations go up and down by far more than falling once and rising once takes, as overfitting does."""
    line = curves.eval_loss
    changes = [after - before for before, after in zip(line.values, line.values[1:], strict=False)]
    ups, downs = sum(change > 0 for change in changes), sum(change < 0 for change in changes)
    if min(ups, downs) < 2 or curves.eval_wobble < JUMPING:
        return None
    first, last, lowest = line.values[0], line.values[-1], min(line.values)
    if sum(map(abs, changes)) < JUMPING_RATIO * (first + last - 2 * lowest) or curves.end < 0.5 * curves.start:
        return None
    text = (
        f"the evaluation loss jumps by {percent(curves.eval_wobble)} from one evaluation to the next "
        f"and is {figure(last)}, after {figure(first)} at step {line.steps[0]}"
    )
    return Finding("rate_too_high", line.steps[0], text)


def rate_too_low(curves: Curves) -> Finding | None:
    """The loss creeps down evenly, by next to nothing."""
    loss, start = curves.loss, curves.start
    enough = len(loss) >= MIN_POINTS and curves.last >= 0.3 * curves.total
    if not enough or abs(start - curves.end) > BARELY * start + curves.roughness * start:
        return None
    if len(curves.eval_loss) >= 4:
        first, last = curves.eval_loss.values[0], curves.eval_loss.values[-1]
        if not _creeps(curves.eval_loss) or first - last > 0.7 * BARELY * first:
            return None
        fell = f"the evaluation loss crept from {first:.5g} to {last:.5g} ({percent(1 - last / first)})"
    elif len(curves.eval_loss) == 0 and 0 < _travel(curves.rate) < TRAVEL and _flat_throughout(curves):
        fell = f"the loss is {figure(curves.end)}, after {figure(start)}"
    else:
        return None
    return Finding("rate_too_low", loss.steps[0], f"{fell} over {curves.last} steps")


def _creeps(line: Line) -> bool:
    """Falls at (nearly) every evaluation, and not all at the beginning."""
    values = line.values
    falls = sum(after <= before for before, after in itertools.pairwise(values))
    fall = values[0] - values[-1]
    if falls < 0.9 * (len(values) - 1) or fall <= 1e-4 * values[0]:
        return False
    middle = values[len(values) // 2]
    return values[0] - middle <= EVENLY * fall


def _flat_throughout(curves: Curves) -> bool:
    thirds = curves.loss.pieces(3).values
    return max(thirds) - min(thirds) < 0.05 * curves.start


def _travel(rate: Line) -> float:
    """The learning rate summed over the steps."""
    steps, values = rate.steps, rate.values
    return sum(value * (after - before) for value, before, after in zip(values, [0, *steps], steps, strict=False))
