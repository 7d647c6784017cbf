"""Change the learning rate of a run under way."""

from __future__ import annotations

from typing import Any


def set_learning_rate(optimizer: Any, scheduler: Any, value: float) -> None:
    """Make `value` the rate of the first parameter group now; other groups and the rest of the schedule keep their
    proportion to it.

    A rate of 0 has no proportion: from there every base rate becomes `value`. The change stands in the scheduler's
    state, so a checkpoint carries it on.
    """
    now = optimizer.param_groups[0]["lr"]
    factor = value / now if now > 0 else None
    for group in optimizer.param_groups:
        group["lr"] = value if factor is None else group["lr"] * factor
        group["initial_lr"] = value if factor is None else group.get("initial_lr", now) * factor
    inner = getattr(scheduler, "scheduler", scheduler)
    if hasattr(inner, "base_lrs"):
        inner.base_lrs = [value if factor is None else base * factor for base in inner.base_lrs]
    if hasattr(inner, "_last_lr"):
        inner._last_lr = [group["lr"] for group in optimizer.param_groups]
