"""Change the learning rate of a run under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def set_learning_rate(optimizer: Any, scheduler: Any, value: float) -> None:
    """Make `value` the rate of the first parameter group now; other groups and the rest of the schedule keep their
    proportion to it.

    A rate of 0 has no proportion: from there every base rate becomes `value`. The change stands in the scheduler's
    state, so a checkpoint carries it on.
    """
    now = optimizer.param_groups[0]["lr"]
    if now > 0:
        scale_learning_rate(optimizer, scheduler, value / now)
    else:
        _change(optimizer, scheduler, lambda _: value)


def scale_learning_rate(optimizer: Any, scheduler: Any, factor: float) -> None:
    """Multiply the rates of all parameter groups, and what the schedule makes of them from here, by `factor`."""
    _change(optimizer, scheduler, lambda rate: rate * factor)


def _change(optimizer: Any, scheduler: Any, new: Callable[[float], float]) -> None:
    for group in optimizer.param_groups:
        group["initial_lr"] = new(group.get("initial_lr", group["lr"]))
        group["lr"] = new(group["lr"])
    inner = getattr(scheduler, "scheduler", scheduler)
    if hasattr(inner, "base_lrs"):
        inner.base_lrs = [new(base) for base in inner.base_lrs]
    if hasattr(inner, "_last_lr"):
        inner._last_lr = [group["lr"] for group in optimizer.param_groups]
