"""The one Trainer callback: hooks become events, and the places where commands are carried out."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, cast

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from core import commands, events
from core.runs import layout
from core.training import accumulation, schedule
from core.training.advisor import Advisor
from core.training.clock import StepClock
from core.training.diagnosis import KINDS
from core.training.reporter import Reporter
from core.training.sampling import Sampler
from core.training.steering import EvaluationStopped, Steering

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transformers import PreTrainedModel

    from core.training.best import Judge
    from core.training.steerable import Steerable

TIME_SECONDS = 2.0
"""What the time went to is said at most this often."""
SPEED = ("epoch", "_runtime", "_per_second", "_preparation_time", "_num_tokens")
"""Endings of what the Trainer mixes into the metrics although it says nothing of the model."""


class RunCallback(TrainerCallback):
    """Reports a training and steers it.

    Args:
        cross_entropy: whether the loss is one; None: it is not known.
        choices: classes or tokens that it chooses from; None: not known.
        judge: looks for the figure that says what the best model is.

    Attributes:
        evaluated: the step of the weights that were evaluated last, and their metrics.
        saved_step: after training: the step of the weights that are kept, the best or the last.
        nan_step: the first step whose loss was not finite.
        trainer: what runs the steps: set once it exists; it is built with this callback.
        steering: what carries out the commands.
    """

    trainer: Steerable

    def __init__(
        self,
        reporter: Reporter,
        stop_on_nan: bool,
        sampler: Sampler,
        cross_entropy: bool | None = None,
        choices: int | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.evaluated: tuple[int, dict[str, float]] | None = None
        self.saved_step: int | None = None
        self.nan_step: int | None = None
        self.steering = Steering(reporter, self._answer)
        self._reporter = reporter
        self._stop_on_nan = stop_on_nan
        self._sampler = sampler
        self._judge = judge
        self._clock = StepClock()
        self._advisor = Advisor(cross_entropy, choices=choices)
        self._evaluation_begin: float | None = None
        self._evaluation_batches = 0
        self._stepped = self._shares_said = False
        self._time_said = 0.0

    def carry_on(self, stands: Iterable[events.Advice]) -> None:
        """Advice that stood when the run ended that is resumed."""
        self._advisor.carry_on(stands)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if not state.global_step:  # what it answers untrained is what all later answers are measured by
            self._sample(state, 0)
        self._reporter.phase("training", f"{state.max_steps} steps", state.global_step)
        self._clock.mark(state.global_step)
        self._progress(state)
        self.trainer.throughput.begin(self.trainer.times.of_steps(), state.num_input_tokens_seen)

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if not self._stepped:  # a resumed run has passed over the batches that it had seen already
            self._stepped = True
            self._clock.skip()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._clock.mark(state.global_step)
        if state.global_step == 1:
            self._advisor.untrained = self.trainer.summed_loss
        if self.trainer.takes_shares and not self._shares_said:
            self._shares_said = True
            self._reporter.notice(accumulation.NOTICE)
        with self.trainer.times.during("other"):
            self._progress(state)
            if self.trainer.bad_loss is not None:
                self._look_at_loss(self.trainer.bad_loss, state, control)
            self.steering.obey(self.trainer, state, control)
            if self.steering.paused:
                self._wait_in_pause(state, control)

    def _wait_in_pause(self, state: TrainerState, control: TrainerControl) -> None:
        self._progress(state, urgent=True)
        with self.trainer.times.during("paused"):
            self.steering.wait(self.trainer, state, control)
        self._clock.skip()
        self._progress(state, urgent=True)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._progress(state, urgent=True)  # a run that was stopped ends between two that are said
        self._advise(state, at_once=True)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        if self._reporter.stopped:  # the Trainer ends an epoch that was broken off like any other
            control.should_evaluate = False

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        logs = kwargs["logs"]
        if "loss" not in logs:
            return
        metrics = {name: float(value) for name, value in logs.items() if name != "epoch"}
        metrics |= self.trainer.throughput.take(self.trainer.times.of_steps())
        self.trainer.count_tokens()
        if state.num_input_tokens_seen:
            metrics[events.TOKENS] = state.num_input_tokens_seen
        self._emit(events.StepLogged, state, metrics=metrics)
        self._look_at_loss(metrics["loss"], state, control)
        self._advise(state, at_once=False)
        if time.monotonic() - self._time_said >= TIME_SECONDS:
            self.say_time(state)

    def _look_at_loss(self, loss: float, state: TrainerState, control: TrainerControl) -> None:
        """The first loss that is not finite is said at once, and ends the run where the config says so."""
        if math.isfinite(loss) or self.nan_step is not None:
            return
        self.nan_step = state.global_step
        self._advisor.take_loss(state.global_step, loss)
        self._advise(state, at_once=True)
        if self._stop_on_nan:
            control.should_training_stop = True

    def say_time(self, state: TrainerState) -> None:
        """What the time went to so far: a sum, so nothing is lost where it is not said for a while."""
        self._time_said = time.monotonic()
        seconds = {activity: round(value, 3) for activity, value in self.trainer.times.seconds().items()}
        self._emit(events.TimeSpent, state, seconds=seconds)

    def on_prediction_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        total = len(kwargs["eval_dataloader"])
        if self._evaluation_begin is None:
            self._evaluation_begin = time.perf_counter()  # the end of the first batch: the rate is that of the others
            self._evaluation_batches = 0
            self._reporter.phase("evaluating", f"{total} batches", state.global_step)
        self._evaluation_batches += 1
        self.steering.obey_between_batches(self.trainer, state)
        self._evaluating(total, urgent=self.steering.held)
        if self.steering.held:
            self._hold_evaluation(state)
            self._evaluating(total, urgent=True)
        if commands.Stop() in self._reporter.inbox:
            self.steering.obey(self.trainer, state, control)
            raise EvaluationStopped

    def _evaluating(self, total: int, urgent: bool = False) -> None:
        assert self._evaluation_begin is not None
        done, seconds = self._evaluation_batches, time.perf_counter() - self._evaluation_begin
        rate = (done - 1) / seconds if done > 1 and seconds > 0 else None
        left = (total - done) / rate if rate else None
        self._reporter.progress(
            "evaluating", done, total, urgent, unit="batch", rate=rate, eta=left, paused=self.steering.paused
        )

    def _hold_evaluation(self, state: TrainerState) -> None:
        with self.trainer.times.during("paused"):
            seconds = self.steering.hold(self.trainer, state)
        self._clock.hold(seconds)
        if self._evaluation_begin is not None:
            self._evaluation_begin += seconds

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._clock.skip("evaluation")
        self._evaluation_begin = None
        step = state.global_step if self.saved_step is None else self.saved_step
        found = {name: float(value) for name, value in kwargs["metrics"].items() if not name.endswith(SPEED)}
        self.evaluated = (step, found)
        self._emit(events.Evaluated, state, step=step, metrics=found)
        scoring = self.trainer.scoring
        if scoring is not None:
            if scoring.classes is not None:
                self._emit(events.ClassesCounted, state, step=step, **scoring.classes)
            for name, error in scoring.failures.items():
                self._reporter.failed(f"the metric {name} failed and is left out", error)
        if self.trainer.is_in_train and self._judge is not None:
            self._judge.look(args.metric_for_best_model, found, step)
        if self.trainer.is_in_train or step == state.global_step:  # else it is of earlier weights: no later point
            if scoring is not None and scoring.classes is not None:
                self._advisor.take_classes(step, scoring.classes)
            self._advise(state, at_once=True)
        self._sample(state, step)
        if self.steering.stop_arrived():
            self.steering.obey(self.trainer, state, control)
        elif self.trainer.is_in_train and state.global_step < state.max_steps:
            self._back_to_training(state)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._clock.skip("checkpoint")
        self._emit(events.CheckpointSaved, state, path=f"{layout.CHECKPOINTS}/checkpoint-{state.global_step}")

    def _answer(self, command: commands.Sample, state: TrainerState) -> None:
        self._sampler.ask_again(command)
        self._sample(state, state.global_step)
        self._back_to_training(state)

    def _sample(self, state: TrainerState, step: int) -> None:
        model, stop = cast("PreTrainedModel", self.trainer.model), self.steering.stop_arrived
        with self.steering.sampling(), self.trainer.times.during("sampling"), self.trainer.accelerator.autocast():
            self._sampler.ask(model, stop, step, state.epoch)
        self._clock.skip("sampling")

    def _back_to_training(self, state: TrainerState) -> None:
        self._reporter.phase("training", f"{state.max_steps} steps", state.global_step)
        self._progress(state, urgent=True)

    def _progress(self, state: TrainerState, urgent: bool = False) -> None:
        self._reporter.progress(
            "training",
            state.global_step,
            state.max_steps,
            urgent,
            step=state.global_step,
            epoch=state.epoch,
            rate=self._clock.rate,
            eta=self._clock.eta(state.max_steps, schedule.intervals(self.trainer.args, state)),
            paused=self.steering.paused,
        )

    def _advise(self, state: TrainerState, at_once: bool) -> None:
        """Say what the learning curves show, where it is new, and take back what they show no longer."""
        seen = self._advisor.look(state.log_history, state.max_steps, at_once)
        for kind in seen.gone:
            self._emit(events.AdviceWithdrawn, state, kind=kind, message=f"no longer: {KINDS[kind].title}")
        for finding in (*seen.new, *seen.again):
            self._emit(
                events.Advice,
                state,
                kind=finding.kind,
                message=finding.sentence,
                hint=finding.hint(live=True),
                level=finding.severity,
                since=finding.step,
                again=finding in seen.again,
            )

    def _emit(self, event: type[events.Event], state: TrainerState, **fields: Any) -> None:
        where = {"step": state.global_step, "epoch": state.epoch, **fields}
        self._reporter.folder.emit(event(t=time.time(), **where))
