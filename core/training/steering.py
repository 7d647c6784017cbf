"""What a run was told, carried out where that can be: between two steps, or between two batches of an evaluation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core import commands
from core.training.learning_rate import scale_learning_rate, set_learning_rate

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState

    from core.training.reporter import Reporter
    from core.training.steerable import Steerable

POLL_SECONDS = 0.05
"""How often a paused run looks at its inbox."""
AFTER_EVALUATION = "after the evaluation"
AFTER_SAMPLES = "after the samples"


class EvaluationStopped(Exception):
    """Stop arrived during an evaluation: what was measured so far is no result."""


class Steering:
    """Commands become control.

    Args:
        answer: has the model answer what was typed.

    Attributes:
        paused: no step follows until Resume.
        held: nor does a batch of the evaluation.
    """

    def __init__(self, reporter: Reporter, answer: Callable[[commands.Sample, TrainerState], None]) -> None:
        self.paused = self.held = False
        self._reporter = reporter
        self._answer = answer
        self._is_sampling = False

    def obey(self, trainer: Steerable, state: TrainerState, control: TrainerControl) -> None:
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
                self._set(command, trainer, state)
                continue
            self._reporter.take(command, state.global_step, state.epoch)
            match command:
                case commands.Save() if self.paused:
                    trainer.save_now()
                case commands.Save():
                    control.should_save = True
                case commands.Evaluate() if self.paused:
                    trainer.evaluate_now()
                case commands.Evaluate():
                    control.should_evaluate = True
                case commands.Sample():
                    self._answer(command, state)
                case commands.Stop():
                    self._reporter.stopped = True
                    self.paused = self.held = False
                    control.should_training_stop = control.should_save = True
                    control.should_evaluate = False

    def wait(self, trainer: Steerable, state: TrainerState, control: TrainerControl) -> None:
        """Stay between two steps until Resume or Stop; what else comes is carried out."""
        while self.paused:
            time.sleep(POLL_SECONDS)
            self.obey(trainer, state, control)

    def obey_between_batches(self, trainer: Steerable, state: TrainerState) -> None:
        """Carry out what needs not wait for the end of an evaluation: it touches neither weights nor scores."""
        self._reporter.hear(AFTER_EVALUATION, commands.BETWEEN_BATCHES)
        for command in [*self._reporter.inbox]:
            if isinstance(command, commands.BETWEEN_BATCHES):
                self._reporter.inbox.remove(command)
                self._set(command, trainer, state)
                self.held = self.paused and (self.held or isinstance(command, commands.Pause))

    def hold(self, trainer: Steerable, state: TrainerState) -> float:
        """Stay between two batches until Resume or Stop; how many seconds that took."""
        begin = time.perf_counter()
        while self.held and commands.Stop() not in self._reporter.inbox:
            time.sleep(POLL_SECONDS)
            self.obey_between_batches(trainer, state)
        self.held = False
        return time.perf_counter() - begin

    def stop_arrived(self) -> bool:
        """Whether Stop is among what has arrived; all of it stays for later. Asked while the model is evaluated or
        answers."""
        if self._is_sampling:
            self._reporter.hear(AFTER_SAMPLES)
        else:
            self._reporter.hear(AFTER_EVALUATION, commands.BETWEEN_BATCHES)
        return commands.Stop() in self._reporter.inbox

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """The model answers inside: whatever arrives but Stop waits for the end of that."""
        self._is_sampling = True
        try:
            yield
        finally:
            self._is_sampling = False

    def _comes_too_late(self, command: commands.Command) -> bool:
        """Whether the run ends before this could be done. Stop saves by itself."""
        if self._reporter.stopped:
            return not isinstance(command, commands.Save)
        return commands.Stop() in self._reporter.inbox and isinstance(command, commands.Evaluate | commands.Sample)

    def _set(
        self,
        command: commands.Pause | commands.Resume | commands.SetLearningRate | commands.ScaleLearningRate,
        trainer: Steerable,
        state: TrainerState,
    ) -> None:
        """Carry out what changes how the steps go on, and nothing else."""
        optimizer, scheduler = trainer.optimizer, trainer.lr_scheduler
        rates = [optimizer.param_groups[0]["lr"]]
        match command:
            case commands.SetLearningRate(value):
                set_learning_rate(optimizer, scheduler, value)
            case commands.ScaleLearningRate(factor):
                scale_learning_rate(optimizer, scheduler, factor)
            case _:
                self.paused = isinstance(command, commands.Pause)
                self._reporter.take(command, state.global_step, state.epoch)
                return
        rates.append(optimizer.param_groups[0]["lr"])
        self._reporter.take(command, state.global_step, state.epoch, *map(float, rates))
