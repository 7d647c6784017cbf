"""Early stopping as the library has it, in runs that are resumed and where an evaluation may lack the figure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import transformers
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from core.training import best


class EarlyStoppingCallback(transformers.EarlyStoppingCallback):
    """Ends a resumed run where the uninterrupted one ends.

    Checkpoints keep the counter under the name of the class, which is therefore the library's.
    """

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        super().on_train_begin(args, state, control, **kwargs)  # type: ignore[no-untyped-call]
        self._begin = state.global_step
        if self.early_stopping_patience_counter >= self.early_stopping_patience:  # it broke off after its last step
            control.should_training_stop = True

    def on_evaluate(  # type: ignore[override]  # the library's own names the metrics, too
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float],
        **kwargs: Any,
    ) -> None:
        if state.global_step != self._begin:  # else it is that of `eval_on_start`: one more in a resumed run
            # One that lacks the figure is no better, as NaN is; the library would not count it.
            judged = {best.figure(args.metric_for_best_model or ""): math.nan, **metrics}
            super().on_evaluate(args, state, control, judged, **kwargs)  # type: ignore[no-untyped-call]


def take_up(callbacks: Iterable[TrainerCallback], state: TrainerState) -> None:
    """Put the counter of a checkpoint into the callback; patience and threshold are those of the present config."""
    kept: Any = state.stateful_callbacks
    for callback in callbacks:
        if isinstance(callback, EarlyStoppingCallback):
            # The Trainer brings what is kept up to date, and adds nothing to it: the config may stop early only now.
            told = kept.setdefault(type(callback).__name__, callback.state())
            counter = "early_stopping_patience_counter"
            setattr(callback, counter, told["attributes"][counter])
