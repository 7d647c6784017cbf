"""The transformers Trainer of a run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from core.training.callbacks import EvaluationStopped, RunCallback

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.training.prepare import Prepared


class RunTrainer(Trainer):
    """The Trainer as it is, with a checkpoint on demand and an evaluation that can be broken off."""

    def save_now(self) -> None:
        """Write a checkpoint of the present step, as the Trainer itself does between steps."""
        assert self.model is not None
        self._save_checkpoint(self.model, trial=None)
        self.control = self.callback_handler.on_save(self.args, self.state, self.control)

    def evaluate_now(self) -> None:
        """Evaluate between two steps; a Stop ends it without a result."""
        with contextlib.suppress(EvaluationStopped):
            self.evaluate()

    def _evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        try:
            return super()._evaluate(*args, **kwargs)
        except EvaluationStopped:
            return {}

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:
        return bool(metrics) and super()._determine_best_metric(metrics, trial)


def build(config: RunConfig, prepared: Prepared, arguments: TrainingArguments, callback: RunCallback) -> RunTrainer:
    """A Trainer over prepared data and model that reports through `callback`."""
    task, tokenizer = prepared.task, prepared.tokenizer
    callbacks: list[TrainerCallback] = [callback]
    if config.early_stopping is not None:
        callbacks.append(EarlyStoppingCallback(config.early_stopping.patience, config.early_stopping.threshold))
    trainer = RunTrainer(
        model=prepared.model,
        args=arguments,
        data_collator=task.collator(tokenizer),
        train_dataset=prepared.train,
        eval_dataset=prepared.evaluation,
        processing_class=tokenizer,
        compute_metrics=task.metrics(prepared.metric_names),
        preprocess_logits_for_metrics=task.reduce_logits,
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    callback.trainer = trainer
    return trainer
