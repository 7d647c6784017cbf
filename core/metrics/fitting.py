"""Whether metrics fit a task, before anything is trained for them."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import FinetuiError
from core.metrics.loading import load
from core.metrics.names import TABLE, Kind, fitting


def check(names: Sequence[str], kinds: Sequence[Kind] | None, classes: int) -> None:
    """Hold the names against what a task can give them. A metric of one's own, or of the Hub, fits any task.

    Args:
        kinds: what the task gives; empty where it takes no metrics at all, None where it does not say.
        classes: how many classes the task has; 0 without.

    Raises:
        FinetuiError: a name does not fit or cannot be had; those that fit are named.
    """
    if kinds == () and names:
        raise FinetuiError(
            "this task has metrics of its own",
            f"metrics: {', '.join(names)}",
            "leave `metrics` out: what its Trainer reports is shown",
            key="metrics",
        )
    for name in names:
        if kinds is not None and name in TABLE:
            _refuse(name, kinds, classes)
        load(name)


def _refuse(name: str, kinds: Sequence[Kind], classes: int) -> None:
    fit = fitting(kinds, classes)
    if name in fit:
        return
    declared = TABLE[name]
    wants = " or ".join(declared.kinds)
    if set(declared.kinds) & {*kinds}:
        title = f"{name} is for two classes, and there are {classes}"
    else:
        title = f"the metric {name} does not fit this task"
    raise FinetuiError(
        title,
        f"it compares {wants}; the task gives {', '.join(kinds)}",
        f"those that fit: {', '.join(fit)}",
        key="metrics",
    )
