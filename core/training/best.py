"""What the best model is judged by, held against the metrics that an evaluation will give."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from core.errors import FinetuiError
from core.metrics.names import TABLE

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.tasks.base import Task

ALWAYS = ("loss", "runtime", "samples_per_second", "steps_per_second")
"""What every evaluation of the Trainer gives."""


def check(config: RunConfig, task: Task, names: list[str]) -> None:
    """Make sure that `metric_for_best_model` will be there; else the run fails after its first evaluation.

    Only where every metric is built in, and no Trainer of another library adds its own: what others give is known when
    they have been computed.

    Raises:
        FinetuiError: no metric of the run gives such a figure.
    """
    wanted = config.training.metric_for_best_model
    if wanted is None or not task.metric_kinds or not set(names) <= TABLE.keys():
        return
    figures = [figure for name in names for figure in TABLE[name].figures or (name,)]
    if wanted.removeprefix("eval_") in (*ALWAYS, *figures):
        return
    key = "training.metric_for_best_model"
    close = difflib.get_close_matches(wanted, TABLE, 1)
    instead = f"add {wanted} to metrics, or name" if close == [wanted] else "name"
    raise FinetuiError(
        f"no evaluation gives `{wanted}`",
        f"{key}: {wanted}; metrics: {', '.join(names) or 'none'}",
        f"{instead} one of {', '.join(('loss', *figures))}",
        key=key,
    )
