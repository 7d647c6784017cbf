"""The one Trainer callback: hooks become events, commands become control."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from core import commands, events
from core.training.advisor import Advisor
from core.training.clock import StepClock
from core.training.learning_rate import set_learning_rate
from core.training.reporter import Reporter

if TYPE_CHECKING:
    from core.training.trainer import RunTrainer

POLL_SECONDS = 0.05
"""How often a paused run looks at its inbox."""
SPEED = ("epoch", "_runtime", "_per_second", "_preparation_time")
"""Endings of what the Trainer mixes into the metrics although it says nothing of the model."""


class EvaluationStopped(Exception):
    """Stop arrived during an evaluation: what was measured so far is no result."""


class RunCallback(TrainerCallback):
    """Reports a training and steers it.

    Attributes:
        evaluated: the step of the weights that were evaluated last, and their metrics.
        saved_step: after training: the step of the weights that are kept, the best or the last.
        nan_step: the first step whose loss was not finite.
        trainer: set once it exists; it is built with this callback.
    """

    trainer: RunTrainer

    def __init__(self, reporter: Reporter, stop_on_nan: bool) -> None:
        self.evaluated: tuple[int, dict[str, float]] | None = None
        self.saved_step: int | None = None
        self.nan_step: int | None = None
        self._reporter = reporter
        self._stop_on_nan = stop_on_nan
        self._clock = StepClock()
        self._advisor = Advisor()
        self._paused = False
        self._inbox: list[commands.Command] = []
        self._evaluation_begin: float | None = None
        self._evaluation_batches = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._reporter.phase("training", f"{state.max_steps} steps", state.global_step)
        self._clock.mark(state.global_step)
        self._progress(state)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._clock.mark(state.global_step)
        self._progress(state)
        self._obey(state, control)
        if self._paused:
            self._progress(state, urgent=True)
            while self._paused:
                time.sleep(POLL_SECONDS)
                self._obey(state, control)
            self._clock.skip()
            self._progress(state, urgent=True)

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        logs = kwargs["logs"]
        if "loss" not in logs:
            return
        metrics = {name: float(value) for name, value in logs.items() if name != "epoch"}
        if self._clock.rate is not None:
            rows = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
            metrics["samples_per_second"] = self._clock.rate * rows
        self._emit(events.StepLogged, state, metrics=metrics)
        broken = not math.isfinite(metrics["loss"]) and self.nan_step is None
        self._advise(state, at_once=broken)
        if broken:
            self.nan_step = state.global_step
            if self._stop_on_nan:
                control.should_training_stop = True

    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._inbox += self._reporter.folder.read_commands()
        if commands.Stop() in self._inbox:
            self._inbox = [commands.Stop()]
            self._obey(state, control)
            raise EvaluationStopped
        total = len(kwargs["eval_dataloader"])
        if self._evaluation_begin is None:
            self._evaluation_begin = time.perf_counter()
            self._evaluation_batches = 0
            self._reporter.phase("evaluating", f"{total} batches", state.global_step)
        self._evaluation_batches += 1
        rate = self._evaluation_batches / max(time.perf_counter() - self._evaluation_begin, 1e-9)
        left = (total - self._evaluation_batches) / rate
        self._reporter.progress("evaluating", self._evaluation_batches, total, unit="batch", rate=rate, eta=left)

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._clock.skip()
        self._evaluation_begin = None
        step = state.global_step if self.saved_step is None else self.saved_step
        found = {name: float(value) for name, value in kwargs["metrics"].items() if not name.endswith(SPEED)}
        self.evaluated = (step, found)
        self._emit(events.Evaluated, state, step=step, metrics=found)
        if self.trainer.is_in_train:
            self._advise(state, at_once=True)
        if self.trainer.is_in_train and state.global_step < state.max_steps:
            self._reporter.phase("training", f"{state.max_steps} steps", state.global_step)
            self._progress(state, urgent=True)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._clock.skip()
        self._emit(events.CheckpointSaved, state, path=f"checkpoints/checkpoint-{state.global_step}")

    def _obey(self, state: TrainerState, control: TrainerControl) -> None:
        """Carry out what the inbox holds; while a run is paused no step follows that would save or evaluate."""
        arrived = [*self._inbox, *self._reporter.folder.read_commands()]
        self._inbox = []
        for command in arrived:
            match command:
                case commands.Pause():
                    self._paused = True
                case commands.Resume():
                    self._paused = False
                case commands.Save() if self._paused:
                    self.trainer.save_now()
                case commands.Save():
                    control.should_save = True
                case commands.Evaluate() if self._paused:
                    self.trainer.evaluate()
                case commands.Evaluate():
                    control.should_evaluate = True
                case commands.SetLearningRate(value):
                    set_learning_rate(self.trainer.optimizer, self.trainer.lr_scheduler, value)
                case commands.Stop():
                    self._reporter.stopped = True
                    self._paused = False
                    control.should_training_stop = control.should_save = True
                    control.should_evaluate = False
            self._reporter.take(command, state.global_step, state.epoch)

    def _progress(self, state: TrainerState, urgent: bool = False) -> None:
        self._reporter.progress(
            "training",
            state.global_step,
            state.max_steps,
            urgent,
            step=state.global_step,
            epoch=state.epoch,
            rate=self._clock.rate,
            eta=self._clock.eta(state.max_steps),
            paused=self._paused,
        )

    def _advise(self, state: TrainerState, at_once: bool) -> None:
        """Say what the learning curves show, where it is new. Where a finding began stands in its sentence."""
        for finding in self._advisor.look(state.log_history, state.max_steps, at_once):
            self._emit(
                events.Advice,
                state,
                kind=finding.kind,
                message=finding.sentence,
                hint=finding.hint,
                level=finding.severity,
            )

    def _emit(self, event: type[events.Event], state: TrainerState, **fields: Any) -> None:
        where = {"step": state.global_step, "epoch": state.epoch, **fields}
        self._reporter.folder.emit(event(t=time.time(), **where))
