"""What the best model is judged by, held against the metrics that an evaluation will give."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from core.errors import FinetuiError, RunFailure
from core.metrics.names import TABLE

if TYPE_CHECKING:
    from transformers import TrainerState

    from core.config import RunConfig
    from core.tasks.base import Task
    from core.training.reporter import Reporter

KEY = "training.metric_for_best_model"

ALWAYS = ("loss", "runtime", "samples_per_second", "steps_per_second")
"""What every evaluation of the Trainer gives."""


def check(config: RunConfig, task: Task, names: list[str]) -> None:
    """Make sure that `metric_for_best_model` can be there; else the run fails, at its end or before.

    Only where every metric is built in, and no Trainer of another library adds its own: what others give is known when
    they have been computed.

    Raises:
        FinetuiError: no metric of the run gives such a figure.
    """
    wanted = config.training.metric_for_best_model
    if wanted is None or not task.metric_kinds or not set(names) <= TABLE.keys():
        return
    figures = _figures(names)
    if wanted.removeprefix("eval_") in (*ALWAYS, *figures):
        return
    close = difflib.get_close_matches(wanted, TABLE, 1)
    instead = f"add {wanted} to metrics, or name" if close == [wanted] else "name"
    raise FinetuiError(
        f"no evaluation gives `{wanted}`",
        f"{KEY}: {wanted}; metrics: {', '.join(names) or 'none'}",
        f"{instead} one of {', '.join(('loss', *figures))}",
        key=KEY,
    )


def figure(wanted: str) -> str:
    """What an evaluation calls the figure that `metric_for_best_model` names."""
    return f"eval_{wanted.removeprefix('eval_')}"


class Judge:
    """Looks whether evaluations have the figure that says what the best model is.

    One that lacks it, because it is 0/0 or a function of one's own failed, is not the best, and the run goes on. A name
    that no evaluation can have ends the run: at once where all metrics are built in, whose figures are known, else at
    the end, where no evaluation had it.

    Args:
        names: the metrics of the run.
    """

    def __init__(self, reporter: Reporter, names: Iterable[str]) -> None:
        self._reporter = reporter
        self._names = {*names}
        self._missed: FinetuiError | None = None

    def look(self, wanted: str | None, metrics: Mapping[str, float], step: int) -> None:
        """Hold an evaluation against it.

        Raises:
            RunFailure: no evaluation will have the figure.
        """
        if wanted is None or figure(wanted) in metrics or self._missed is not None:
            return
        there = ", ".join(name.removeprefix("eval_") for name in metrics)
        self._missed = RunFailure(
            f"{wanted}, which says what the best model is, was not computed at any evaluation",
            f"{KEY}; computed were {there}",
            "choose one of these",
            key=KEY,
        )
        if self._names <= TABLE.keys() and not self._is_built_in(wanted):
            raise self._missed
        self._reporter.notice(
            f"{wanted}, which says what the best model is, was not computed at step {step}: "
            "an evaluation without it is not the best",
            "warning",
        )

    def conclude(self, wanted: str | None, state: TrainerState) -> None:
        """Say that no model was the best, once the training is over and its model saved.

        Raises:
            RunFailure: no evaluation had the figure, and it is not one of a built-in metric, which may be 0/0.
        """
        if wanted is None or self._missed is None or state.best_metric is not None:
            return
        if not self._is_built_in(wanted):
            raise self._missed
        self._reporter.notice(
            f"no evaluation had {wanted}: the best model is not known, and the last one is kept", "warning"
        )

    def _is_built_in(self, wanted: str) -> bool:
        return wanted.removeprefix("eval_") in (*ALWAYS, *_figures(self._names))


def _figures(names: Iterable[str]) -> list[str]:
    """What the built-in ones of these metrics say."""
    return [figure for name in names if name in TABLE for figure in TABLE[name].figures or (name,)]
