"""The transformers Trainer of a run."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import SequentialSampler
from transformers import (
    PrinterCallback,
    StoppingCriteriaList,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from core.methods.adalora import AdaLoraCallback
from core.methods.virtual_tokens import aligned
from core.tasks.scoring import Scoring
from core.training import accumulation, best, early_stopping, epochs, prepare
from core.training.arguments import BY_METRIC
from core.training.callbacks import RunCallback
from core.training.early_stopping import EarlyStoppingCallback
from core.training.keep_freed import KeepFreedCallback
from core.training.steering import EvaluationStopped
from core.training.throughput import Throughput
from core.training.time_shares import TimeShares

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.training.prepare import Prepared
    from core.training.steerable import Steerable


class Steered(Trainer):
    """A Trainer as it is, with a checkpoint on demand, an evaluation that can be broken off, and a watch on it all.

    Mixed into the Trainer of a task: what it overrides is every Trainer's own.

    What it offers stands in `Steerable`.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.times = TimeShares()
        self.throughput = Throughput(self.args.world_size)
        self.bad_loss: float | None = None
        self.stop_arrived: Callable[[], bool] = lambda: False
        self.takes_shares: bool | None = None

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        if self.scoring is not None:
            self.scoring.begin()
        if getattr(self.args, "predict_with_generate", False):
            # Not the method itself: PEFT copies what `generate` is given, and a method brings the whole Trainer along.
            kwargs["stopping_criteria"] = StoppingCriteriaList([lambda *_, **__: self.is_told_to_stop()])
        with self.times.during("evaluation"):
            return super().evaluate(*args, **kwargs)

    def is_told_to_stop(self, *_: Any, **__: Any) -> bool:
        """A stopping criterion of `generate`, which is asked after each token."""
        return self.stop_arrived()

    @property
    def summed_loss(self) -> float:
        return float(self._tr_loss)

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        loss = super().training_step(*args, **kwargs)
        if loss.device.type == "cpu" and not math.isfinite(loss):
            self.bad_loss = float(loss)
        return loss

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        if not math.isfinite(logs.get("loss", 0.0)):
            # The Trainer takes the sum off itself to begin anew, and NaN stays NaN: steps that learn would look lost.
            self._tr_loss.zero_()
        super().log(logs, *args, **kwargs)

    def get_batch_samples(self, *args: Any, **kwargs: Any) -> Any:
        with self.times.during("data"):
            batches, count = super().get_batch_samples(*args, **kwargs)
        self.throughput.add(batches)
        if self.takes_shares is None and len(batches) > 1 and count is not None:
            tried = accumulation.to_try(batches, lambda some: self._get_num_items_in_batch([*some], self.args.device))
            if tried is not None:
                self.takes_shares = self._ignores_count(tried, count)
        return batches, count

    def _ignores_count(self, batch: Any, count: Any) -> bool:
        """Asked of the Trainer's own loss; a Trainer with another one says itself how it is scaled."""
        compute: Any = super().compute_loss
        if compute.__func__ is not Trainer.compute_loss:
            return False

        def loss(of: Any) -> Any:
            inputs = self._prepare_inputs(dict(batch))
            return compute(self.model_wrapped, inputs, num_items_in_batch=of)

        assert self.model is not None
        return accumulation.ignores_count(loss, count, self.model)

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> Any:
        counting = getattr(self.compute_loss_func, "count", None)
        if counting is not None and batch_samples:
            return counting(batch_samples).to(device)
        return super()._get_num_items_in_batch(batch_samples, device)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        part = None
        if self.takes_shares and model.training and num_items_in_batch is not None:
            part = self._get_num_items_in_batch([inputs], self.args.device)
        found: Any = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        if part is None:
            return found
        loss = accumulation.share(found[0] if return_outputs else found, part, num_items_in_batch)
        return (loss, found[1]) if return_outputs else loss

    def get_train_dataloader(self) -> Any:
        evaluating = self.data_collator
        self.data_collator = epochs.of_training(evaluating)
        try:
            return super().get_train_dataloader()
        finally:
            self.data_collator = evaluating

    def _load_callback_state(self) -> None:
        super()._load_callback_state()
        early_stopping.take_up(self.callback_handler.callbacks, self.state)

    def _run_epoch(self, model: Any, epoch: int, train_dataloader: Any, *args: Any, **kwargs: Any) -> Any:
        if self.control.should_training_stop:  # the Trainer looks only after a step
            return None
        epochs.tell(train_dataloader, epoch)
        with self.times.during("training"):
            return super()._run_epoch(model, epoch, train_dataloader, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        self.count_tokens()
        with self.times.during("checkpoints"):
            super()._save_checkpoint(*args, **kwargs)

    def count_tokens(self) -> None:
        """Bring the Trainer's own count of tokens up to date, which a checkpoint keeps.

        The Trainer counts, where it is told to, by waiting for the device at each step; then it is left to it.
        """
        if self.args.include_num_input_tokens_seen == "no":
            self.state.num_input_tokens_seen = self.throughput.tokens()

    def save_now(self) -> None:
        """Write a checkpoint of the present step, as the Trainer itself does between steps."""
        assert self.model is not None
        self._save_checkpoint(self.model, trial=None)
        self.control = self.callback_handler.on_save(self.args, self.state, self.control)

    def evaluate_now(self) -> None:
        """Evaluate between two steps; a Stop ends it without a result."""
        with contextlib.suppress(EvaluationStopped):
            self.evaluate()

    def _evaluate(self, trial: Any, ignore_keys_for_eval: Any, skip_scheduler: bool = False) -> dict[str, float]:
        try:
            metrics = super()._evaluate(trial, ignore_keys_for_eval, skip_scheduler=True)
        except EvaluationStopped:
            return {}
        schedule: Any = self.lr_scheduler
        figure = best.figure(self.args.metric_for_best_model or "")
        follows = self.args.lr_scheduler_type in BY_METRIC and not skip_scheduler
        if follows and figure in metrics:  # without it the rate stays as it is, where the Trainer would fail
            schedule.step(metrics[figure])
        return metrics

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:
        wanted = self.args.metric_for_best_model
        if wanted and best.figure(wanted) not in metrics:
            return False
        return super()._determine_best_metric(metrics, trial)

    def _get_eval_sampler(self, eval_dataset: Any) -> Any:
        if self.scoring is not None and self.scoring.in_order and self.args.world_size <= 1:
            return SequentialSampler(eval_dataset)  # grouped by length, rows would be scored as others
        return super()._get_eval_sampler(eval_dataset)

    @property
    def scoring(self) -> Scoring | None:
        """What computes the metrics, where it is ours."""
        return self.compute_metrics if isinstance(self.compute_metrics, Scoring) else None


def build(config: RunConfig, prepared: Prepared, arguments: TrainingArguments, callback: RunCallback) -> Steerable:
    """What the config names as the engine, over prepared data and model, reporting through `callback`."""
    callbacks: list[TrainerCallback] = [callback, KeepFreedCallback()]
    if config.early_stopping is not None:
        stopping = config.early_stopping
        callbacks.append(EarlyStoppingCallback(stopping.patience, stopping.threshold))
    if config.method.kind == "adalora":
        callbacks.append(AdaLoraCallback(planned="total_step" in config.method.options()))
    if config.engine == "loop":
        from core.training.loop import Loop

        callback.trainer = Loop(**keywords(prepared, arguments), callbacks=callbacks, task=prepared.task)
        callback.trainer.stop_arrived = callback.steering.stop_arrived
        return callback.trainer
    steered: type[Steered] = type("RunTrainer", (Steered, prepared.task.trainer_class()), {})
    trainer = steered(**keywords(prepared, arguments), callbacks=callbacks)
    trainer.remove_callback(PrinterCallback)
    callback.trainer = trainer
    trainer.stop_arrived = callback.steering.stop_arrived
    return trainer


def keywords(prepared: Prepared, arguments: TrainingArguments) -> dict[str, Any]:
    """What the Trainer of a task is made with."""
    task, tokenizer = prepared.task, prepared.tokenizer
    compute = None if prepared.evaluation is None else task.metrics(prepared.metric_names, prepared.evaluation)
    reduce = aligned(prepared.model, task.reduce_logits)
    scoring = {"compute_metrics": compute, "preprocess_logits_for_metrics": reduce} if compute else {}
    own_loss = {"compute_loss_func": prepared.loss} if prepared.loss else {}
    return {
        "model": prepared.model,
        "args": arguments,
        "data_collator": task.collator(tokenizer),
        "train_dataset": prepare.inputs(task, prepared.train),
        "eval_dataset": None if prepared.evaluation is None else prepare.inputs(task, prepared.evaluation),
        "processing_class": tokenizer,
        **scoring,
        **own_loss,
        **task.trainer_options(prepared.model, arguments),
    }
