"""The one Trainer callback: hooks become events, commands become control."""

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
from core.training.learning_rate import set_learning_rate
from core.training.reporter import Reporter
from core.training.sampling import Sampler

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from core.training.steerable import Steerable

POLL_SECONDS = 0.05
"""How often a paused run looks at its inbox."""
TIME_SECONDS = 2.0
"""What the time went to is said at most this often."""
AFTER_EVALUATION = "after the evaluation"
AFTER_SAMPLES = "after the samples"
SPEED = ("epoch", "_runtime", "_per_second", "_preparation_time", "_num_tokens")
"""Endings of what the Trainer mixes into the metrics although it says nothing of the model."""


class EvaluationStopped(Exception):
    """Stop arrived during an evaluation: what was measured so far is no result."""


class RunCallback(TrainerCallback):
    """Reports a training and steers it.

    Args:
        cross_entropy: whether the loss is one; None: it is not known.

    Attributes:
        evaluated: the step of the weights that were evaluated last, and their metrics.
        saved_step: after training: the step of the weights that are kept, the best or the last.
        nan_step: the first step whose loss was not finite.
        trainer: what runs the steps: set once it exists; it is built with this callback.
    """

    trainer: Steerable

    def __init__(
        self, reporter: Reporter, stop_on_nan: bool, sampler: Sampler, cross_entropy: bool | None = None
    ) -> None:
        self.evaluated: tuple[int, dict[str, float]] | None = None
        self.saved_step: int | None = None
        self.nan_step: int | None = None
        self._reporter = reporter
        self._stop_on_nan = stop_on_nan
        self._sampler = sampler
        self._clock = StepClock()
        self._advisor = Advisor(cross_entropy)
        self._paused = False
        self._held = self._is_sampling = False
        self._evaluation_begin: float | None = None
        self._evaluation_batches = 0
        self._stepped = self._shares_said = False
        self._time_said = 0.0

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
        if self.trainer.takes_shares and not self._shares_said:
            self._shares_said = True
            self._reporter.notice(accumulation.NOTICE)
        with self.trainer.times.during("other"):
            self._progress(state)
            if self.trainer.bad_loss is not None:
                self._look_at_loss(self.trainer.bad_loss, state, control)
            self._obey(state, control)
            if self._paused:
                self._wait_in_pause(state, control)

    def _wait_in_pause(self, state: TrainerState, control: TrainerControl) -> None:
        self._progress(state, urgent=True)
        with self.trainer.times.during("paused"):
            while self._paused:
                time.sleep(POLL_SECONDS)
                self._obey(state, control)
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
        self._obey_between_batches(state)
        self._evaluating(total, urgent=self._held)
        if self._held:
            self._hold_evaluation(state)
            self._evaluating(total, urgent=True)
        if commands.Stop() in self._reporter.inbox:
            self._obey(state, control)
            raise EvaluationStopped

    def _evaluating(self, total: int, urgent: bool = False) -> None:
        assert self._evaluation_begin is not None
        done, seconds = self._evaluation_batches, time.perf_counter() - self._evaluation_begin
        rate = (done - 1) / seconds if done > 1 and seconds > 0 else None
        left = (total - done) / rate if rate else None
        self._reporter.progress(
            "evaluating", done, total, urgent, unit="batch", rate=rate, eta=left, paused=self._paused
        )

    def _obey_between_batches(self, state: TrainerState) -> None:
        """Carry out what needs not wait for the end of an evaluation: it touches neither weights nor scores."""
        self._reporter.hear(AFTER_EVALUATION, commands.BETWEEN_BATCHES)
        for command in [*self._reporter.inbox]:
            if isinstance(command, commands.BETWEEN_BATCHES):
                self._reporter.inbox.remove(command)
                self._set(command, state)
                self._held = self._paused and (self._held or isinstance(command, commands.Pause))

    def _hold_evaluation(self, state: TrainerState) -> None:
        begin = time.perf_counter()
        with self.trainer.times.during("paused"):
            while self._held and commands.Stop() not in self._reporter.inbox:
                time.sleep(POLL_SECONDS)
                self._obey_between_batches(state)
        self._held = False
        seconds = time.perf_counter() - begin
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
        if self.trainer.is_in_train or step == state.global_step:  # else it is of earlier weights: no later point
            self._advise(state, at_once=True)
        self._sample(state, step)
        if self.stop_arrived():
            self._obey(state, control)
        elif self.trainer.is_in_train and state.global_step < state.max_steps:
            self._back_to_training(state)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._clock.skip("checkpoint")
        self._emit(events.CheckpointSaved, state, path=f"{layout.CHECKPOINTS}/checkpoint-{state.global_step}")

    def _obey(self, state: TrainerState, control: TrainerControl) -> None:
        """Carry out what the inbox holds; while a run is paused no step follows that would save or evaluate."""
        self._reporter.hear()
        inbox = self._reporter.inbox
        while inbox:
            command = inbox.pop(0)
            if self._comes_too_late(command):
                if not isinstance(command, commands.Stop):
                    self._reporter.drop(command, "the run stops")
                continue
            if isinstance(command, commands.BETWEEN_BATCHES):
                self._set(command, state)
                continue
            self._reporter.take(command, state.global_step, state.epoch)
            match command:
                case commands.Save() if self._paused:
                    self.trainer.save_now()
                case commands.Save():
                    control.should_save = True
                case commands.Evaluate() if self._paused:
                    self.trainer.evaluate_now()
                case commands.Evaluate():
                    control.should_evaluate = True
                case commands.Sample():
                    self._sampler.ask_again(command)
                    self._sample(state, state.global_step)
                    self._back_to_training(state)
                case commands.Stop():
                    self._reporter.stopped = True
                    self._paused = self._held = False
                    control.should_training_stop = control.should_save = True
                    control.should_evaluate = False

    def _comes_too_late(self, command: commands.Command) -> bool:
        """Whether the run ends before this could be done. Stop saves by itself."""
        if self._reporter.stopped:
            return not isinstance(command, commands.Save)
        return commands.Stop() in self._reporter.inbox and isinstance(command, commands.Evaluate | commands.Sample)

    def _set(self, command: commands.Pause | commands.Resume | commands.SetLearningRate, state: TrainerState) -> None:
        """Carry out what changes how the steps go on, and nothing else."""
        before = None
        if isinstance(command, commands.SetLearningRate):
            before = float(self.trainer.optimizer.param_groups[0]["lr"])
            set_learning_rate(self.trainer.optimizer, self.trainer.lr_scheduler, command.value)
        else:
            self._paused = isinstance(command, commands.Pause)
        self._reporter.take(command, state.global_step, state.epoch, before)

    def stop_arrived(self) -> bool:
        """Whether Stop is among what has arrived; all of it stays for later. Asked while the model is evaluated or
        answers."""
        if self._is_sampling:
            self._reporter.hear(AFTER_SAMPLES)
        else:
            self._reporter.hear(AFTER_EVALUATION, commands.BETWEEN_BATCHES)
        return commands.Stop() in self._reporter.inbox

    def _sample(self, state: TrainerState, step: int) -> None:
        self._is_sampling = True
        try:
            with self.trainer.times.during("sampling"), self.trainer.accelerator.autocast():
                self._sampler.ask(cast("PreTrainedModel", self.trainer.model), self.stop_arrived, step, state.epoch)
        finally:
            self._is_sampling = False
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
            paused=self._paused,
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
