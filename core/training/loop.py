"""Our own training loop on accelerate: `engine: loop`. It takes what the Trainer takes, and gives the same losses."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from accelerate import Accelerator, DataLoaderConfiguration, skip_first_batches
from transformers import EvalPrediction, TrainerCallback, TrainingArguments, enable_full_determinism, set_seed

from core.tasks.scoring import Scoring
from core.training import checkpoints, loaders, scoring
from core.training import loop_setup as setup
from core.training.loop_hooks import Hooks
from core.training.objective import Batch, Objective
from core.training.steering import EvaluationStopped
from core.training.throughput import Throughput
from core.training.time_shares import TimeShares

if TYPE_CHECKING:
    from datasets import Dataset
    from torch.utils.hooks import RemovableHandle
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from core.tasks.base import Task
    from core.training.losses import Loss


class Loop(Hooks):
    """Runs the steps: `Steerable`. Built with the keywords of a Trainer, and the task, which knows how it is evaluated.

    Order of rows, random numbers, scaling and schedule are the Trainer's (transformers 5.23), so both engines have the
    same losses with the same seed; checkpoints have its files.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        args: TrainingArguments,
        data_collator: Callable[[list[Any]], dict[str, Any]],
        train_dataset: Dataset,
        eval_dataset: Dataset | None,
        processing_class: PreTrainedTokenizerBase,
        callbacks: list[TrainerCallback],
        compute_metrics: Callable[[EvalPrediction], dict[str, float]] | None = None,
        preprocess_logits_for_metrics: Callable[[Any, Any], Any] | None = None,
        compute_loss_func: Loss | None = None,
        *,
        task: Task,
    ) -> None:
        super().__init__(args, model, processing_class, callbacks)
        (enable_full_determinism if args.full_determinism else set_seed)(args.seed)
        self.task, self.model, self.tokenizer = task, model, processing_class
        self.collator, self.train_dataset, self.eval_dataset = data_collator, train_dataset, eval_dataset
        self.accelerator = Accelerator(
            mixed_precision=args.mixed_precision,
            dataloader_config=DataLoaderConfiguration(use_seedable_sampler=True, data_seed=args.data_seed),
        )
        self.objective = Objective(model, args.label_smoothing_factor, compute_loss_func, type(task))
        self.compute_metrics, self.reduce_logits = compute_metrics, preprocess_logits_for_metrics
        self.wrapped: Any = model
        self.optimizer: Any = None
        self.lr_scheduler: Any = None
        self.noise: RemovableHandle | None = None
        self.is_in_train = False
        self.times, self.throughput = TimeShares(), Throughput()
        self.bad_loss: float | None = None
        self.stop_arrived: Callable[[], bool] = lambda: False
        model.config.use_cache = args.use_cache

    @property
    def takes_shares(self) -> bool | None:
        return self.objective.takes_shares

    @property
    def scoring(self) -> Scoring | None:
        """What computes the metrics, where it is ours."""
        return self.compute_metrics if isinstance(self.compute_metrics, Scoring) else None

    def train(self, resume_from_checkpoint: str | None = None) -> None:
        args = self.args
        checkpoint = Path(resume_from_checkpoint) if resume_from_checkpoint else None
        self.is_in_train = True
        batches = setup.prepare(self, checkpoint)
        steps = max(1, math.ceil(len(batches) / args.gradient_accumulation_steps))  # of an epoch
        total = args.max_steps if args.max_steps > 0 else math.ceil(args.num_train_epochs * steps)
        setup.plan(self, total, math.ceil(total / steps), checkpoint)
        self._sum, self._logged = torch.zeros((), device=self.accelerator.device), self.state.global_step
        self.call("on_train_begin")
        if args.eval_on_start:
            self.evaluate_now()
        first, done = divmod(self.state.global_step, steps)
        for epoch in range(first, math.ceil(total / steps)):
            if self.control.should_training_stop:
                break
            with self.times.during("training"):
                self._epoch(batches, epoch, done, checkpoint)
            done, checkpoint = 0, None
        if args.load_best_model_at_end and self.state.best_model_checkpoint is not None:
            checkpoints.load_weights(self.model, Path(self.state.best_model_checkpoint))
        self.call("on_train_end")
        setup.take_down(self)
        self.is_in_train = False

    def _epoch(self, batches: Any, epoch: int, done: int, checkpoint: Path | None) -> None:
        """The steps of an epoch but the first `done`; `checkpoint` is what the run goes on from, in its first epoch."""
        size, per_step = len(batches), self.args.gradient_accumulation_steps
        self.call("on_epoch_begin")
        if done:
            batches = skip_first_batches(batches, done * per_step)
        elif checkpoint is not None:
            checkpoints.load_random(checkpoint)
        loaders.set_epoch(batches, epoch)
        stream, norm, rate = iter(batches), None, None
        for begin in range(done * per_step, size, per_step):
            with self.times.during("data"):
                group = list(islice(stream, per_step))
            self.throughput.add(group)
            if done and checkpoint is not None:
                checkpoints.load_random(checkpoint)
                checkpoint = None
            self.call("on_step_begin")
            norm, rate = self._step(group)
            self.state.global_step += 1
            self.state.epoch = epoch + min(begin + per_step, size) / size
            self.call("on_step_end")
            self._log_evaluate_save(norm, rate)
            if self.control.should_epoch_stop or self.control.should_training_stop:
                break
        self.call("on_epoch_end")
        self._log_evaluate_save(norm, rate)

    @property
    def summed_loss(self) -> float:
        return float(self._sum)

    def _step(self, group: Sequence[Batch]) -> tuple[torch.Tensor, float]:
        """Forward and backward over the batches of a step, then the optimizer: the norm of the gradients, the rate."""
        self.model.train()
        count = self.objective.count(group)
        for batch in group:
            last = batch is group[-1]
            with contextlib.nullcontext() if last else self.accelerator.no_sync(self.wrapped):
                loss = self.objective.in_step(self.wrapped, batch, group, count)
                self.accelerator.backward(loss)
            self._sum += loss.detach()
            if loss.device.type == "cpu" and not math.isfinite(loss.detach()):
                self.bad_loss = float(loss.detach())
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), self.args.max_grad_norm or math.inf)
        self.call("on_pre_optimizer_step")
        self.optimizer.step()
        self.call("on_optimizer_step")
        rate = self.lr_scheduler.get_last_lr()[0]
        if not self.accelerator.optimizer_step_was_skipped:  # float16: a scale that was too large
            self.lr_scheduler.step()
        self.model.zero_grad()
        return norm, float(rate)

    def _log_evaluate_save(self, norm: torch.Tensor | None, rate: float | None) -> None:
        steps = self.state.global_step - self._logged
        if self.control.should_log and steps and norm is not None and rate is not None:
            mean = self._sum.item() / steps
            self._sum.zero_()
            self._logged = self.state.global_step
            self.log({"loss": mean, "grad_norm": norm.item(), "learning_rate": rate})
        if self.control.should_evaluate:
            is_best = False
            with contextlib.suppress(EvaluationStopped):
                is_best = checkpoints.is_best(self.args, self.state, self.evaluate())
            if self.args.save_strategy == "best":
                self.control.should_save = is_best
        if self.control.should_save:
            self.save_now()

    def evaluate(self) -> dict[str, float]:
        """Loss and metrics on the evaluation split, with the prefix `eval_`; raises EvaluationStopped."""
        with self.times.during("evaluation"):
            metrics = scoring.evaluate(self)
            self.log(metrics)
            self.call("on_evaluate", metrics=metrics)
        return metrics

    def evaluate_now(self) -> None:
        with contextlib.suppress(EvaluationStopped):
            self.evaluate()

    def save_now(self) -> None:
        self.count_tokens()
        with self.times.during("checkpoints"):
            checkpoints.save(self)
        self.call("on_save")

    def save_model(self, output_dir: str) -> None:
        self.model.save_pretrained(output_dir)
        self.tokenizer.save_pretrained(output_dir)

    def count_tokens(self) -> None:
        self.state.num_input_tokens_seen = self.throughput.tokens()
