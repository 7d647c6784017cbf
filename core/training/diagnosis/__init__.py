"""What the learning curves of a run show: `diagnose` names it while it trains; `verdict` judges it when it is over."""

from __future__ import annotations

from collections.abc import Mapping

from core.training.diagnosis import progress, trouble
from core.training.diagnosis.curves import Curves, Measured
from core.training.diagnosis.findings import KINDS, Finding

VERDICTS = frozenset(
    (
        "nan",
        "diverging",
        "rate_too_high",
        "rate_too_low",
        "overfitting",
        "underfitting",
        "plateau",
        "converged",
        "learning",
    )
)
"""The kinds that say how a run goes as a whole: a new one of them ends what the others said. The rest are remarks."""
HALF = 0.5
"""At a rate too high overfitting is named where the training loss has fallen below this share of its start at least."""

__all__ = ["KINDS", "VERDICTS", "Finding", "diagnose"]


def diagnose(
    series: Mapping[str, Measured],
    total_steps: int | None = None,
    cross_entropy: bool | None = None,
    choices: int | None = None,
    untrained: float | None = None,
) -> list[Finding]:
    """Name what the curves show, the gravest first. The same series give the same findings.

    Args:
        series: name -> steps and values in the order of the steps: `loss`, and where they were measured `eval_loss`,
            `eval_accuracy`, `learning_rate`. Values may be NaN or infinite.
        total_steps: how many are planned. Early in a run less is said.
        cross_entropy: whether the loss is one: then a high one is known to be so at the first point. None: read off
            the metrics of the first evaluation.
        choices: classes or tokens that the cross-entropy chooses from; None: not known.
        untrained: the loss of the first step, before any weight has changed; None: not known.

    Returns:
        One finding per kind at most; none where there is too little to see.
    """
    curves = Curves(series, total_steps, cross_entropy, choices, untrained)
    found = [trouble.nan(curves)] if not len(curves.loss) or curves.start <= 0 else _found(curves)
    order = list(KINDS)
    return sorted((item for item in found if item is not None), key=lambda item: order.index(item.kind))


def _found(curves: Curves) -> list[Finding | None]:
    """Every rule, but what is explained by another: a run with a wrong rate does not underfit, too."""
    nan, high = trouble.nan(curves), trouble.rate_too_high(curves)
    if curves.dead:
        return [nan, high]
    diverging, unstable = trouble.diverging(curves), trouble.unstable(curves)
    if diverging is not None:
        return [nan, high, diverging, unstable]
    low = trouble.rate_too_low(curves) if high is None else None
    found = [nan, high, unstable, low]
    overfitting = None
    if unstable is None:  # else the evaluations say as little as the training loss
        if high is None or curves.end < HALF * curves.origin:
            overfitting = progress.overfitting(curves)
        found += [overfitting, progress.gap(curves)]
        found.append(trouble.spike(curves))
        if high is None:
            found.append(progress.accuracy_flat(curves))
    if not any((high, low, overfitting, unstable)):
        found.append(progress.course(curves))
    return found
