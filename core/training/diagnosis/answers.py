"""What the answers of an evaluation show, class by class: no curve does."""

from __future__ import annotations

from collections.abc import Sequence

from core.data.cells import one_line
from core.training.diagnosis.findings import Finding, percent

OF_ANSWERS = frozenset(("one_class",))
"""The kinds that are named here: the next evaluation says whether they still hold, and nothing else does."""
FEW = 20
"""Answers below which it may be chance that all are alike."""
LABEL_WIDTH = 24


def one_class(step: int, labels: Sequence[str], support: Sequence[int], predicted: Sequence[int]) -> Finding | None:
    """Every answer is the same class, though more than one is right.

    Args:
        step: of the weights that answered.
        labels: every class of the task.
        support: how often each is right.
        predicted: how often each was the answer. Of several labels a row nothing is said.
    """
    answers = sum(predicted)
    if answers < FEW or answers != sum(support) or max(predicted) < answers or max(support) == answers:
        return None
    only = list(predicted).index(answers)
    share = percent(support[only] / answers)
    message = f"all {answers:,} are {one_line(labels[only], LABEL_WIDTH)}, which is right for {share} of them"
    return Finding("one_class", step, message)
