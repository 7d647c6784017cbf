"""What the events of a run add up to: how each changes the picture that the Monitor paints and `show` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from core import events
from core.runs import event_words
from core.runs.picture import RunPicture, Withdrawn
from core.runs.readings import memory
from core.runs.series import Series, of_steps

Status = Literal["waiting", "running", "paused", "completed", "stopped", "early_stopped", "failed", "crashed"]
LIVE: tuple[Status, ...] = ("waiting", "running", "paused")
"""How a run stands that is not over by its own account; where its process is gone, it has crashed."""
RESUMABLE: tuple[Status, ...] = ("stopped", "failed", "crashed")
"""How a run stands that can go on, if it has a checkpoint."""


@dataclass(slots=True)
class RunState(RunPicture):
    """A fold over events: `apply` each in turn. The same events give the same state, live or replayed."""

    @property
    def status(self) -> Status:
        """How the run stands by its own account; a run that died says nothing of it (see RunSummary.status)."""
        if self.failed is not None:
            return "failed"
        if self.finished is not None:
            return self.finished.reason
        if self.started is None:
            return "waiting"
        return "paused" if self._paused else "running"

    def apply(self, event: events.Event) -> None:
        """Take one event into account."""
        if isinstance(event, events.RunStarted):
            self._seconds_before = self.seconds
        self.last_t = max(self.last_t, event.t)
        is_news = self._is_news(event)
        match event:
            case events.RunStarted():
                self.started, self.finished, self.failed = event, None, None
                self.phase, self.detail, self.progress, self._paused = None, "", None, False
                self.deferred = []
                self._rewind(event.resumed_from)
                self._spent_before = self.time_spent
            case events.PhaseChanged():
                self.phase, self.detail, self.progress = event.phase, event.detail, None
            case events.Progress():
                self.progress, self._paused = event, event.paused
                if event.phase == "training":
                    self.training = event
            case events.StepLogged():
                self._record(event, event.metrics)
            case events.TimeSpent():
                names = dict.fromkeys([*self._spent_before, *event.seconds])
                self.time_spent = {
                    name: self._spent_before.get(name, 0.0) + event.seconds.get(name, 0.0) for name in names
                }
            case events.Evaluated():
                self.evaluations.append(event)
                self._record(event, event.metrics)
            case events.ClassesCounted():
                self.classes = event
            case events.Sampled():
                self.samples.append(event)
            case events.BaselineScored():
                self.baselines[event.name] = event.metrics
            case events.CheckpointSaved():
                self.checkpoints.append(event)
            case events.CommandTaken():
                self.commands.append(event)
                self._settle(event)
            case events.CommandDeferred():
                self.deferred.append(event)
            case events.CommandDropped():
                self._settle(event)
            case events.Advice():
                before = self.advice.pop(event.kind, None)
                if event.again and before is not None:  # it stands since it was said first
                    event = replace(event, step=before.step)
                self.advice[event.kind] = event
            case events.AdviceWithdrawn():
                said = self.advice.pop(event.kind, None)
                if said is not None:
                    self.withdrawn.append(Withdrawn(said, event.step or 0))
            case events.HardwareRead():
                self.hardware = event
                self._record(event, memory(event))
                self.peaks.take(event)
            case events.RunFinished():
                self.finished = event
                if self.training is not None and event.step is not None and event.step > self.training.done:
                    self.training = replace(self.training, done=event.step, step=event.step)
            case events.RunFailed():
                self.failed = event
        said_of_it = event_words.line(event, self.seconds) if is_news else None
        if said_of_it is not None:
            self.log.append((event.t, *said_of_it))

    def take_steps(self, logged: Sequence[Mapping[str, Any]]) -> bool:
        """All that these StepLogged do, as JSON has them: for reading millions, a column at a time.

        Returns:
            False where one of them is not as they are written: then none was taken into account.
        """
        groups = of_steps(logged)
        if groups is None:
            return False
        for group in groups:
            for name, columns in group.items():
                self.series.setdefault(name, Series()).extend(columns)
            self.last_t = max([self.last_t, *(max(columns.times) for columns in group.values())])
        return True

    def _record(self, event: events.Event, metrics: dict[str, float]) -> None:
        at = event if event.step is not None or self.training is None else self.training
        step, epoch = at.step or 0, at.epoch or 0.0
        for name, value in metrics.items():
            self.series.setdefault(name, Series()).append(step, epoch, event.t, value)

    def _rewind(self, step: int | None) -> None:
        """Drop what an earlier life of the run logged after the checkpoint that it resumes from."""
        if step is None:
            return
        for series in self.series.values():
            series.cut(step)
        self.evaluations = [event for event in self.evaluations if (event.step or 0) <= step]
        if self.training is not None and self.training.done > step:
            self.training = replace(self.training, done=step, step=step, epoch=None, rate=None, eta=None)
        stood = [*(one.said for one in self.withdrawn if one.step > step), *self.advice.values()]
        self.advice = {said.kind: said for said in stood if (said.step or 0) <= step}
        self.withdrawn = [one for one in self.withdrawn if one.step <= step]
        self.samples = [event for event in self.samples if (event.step or 0) <= step]
        self.commands = [event for event in self.commands if (event.step or 0) <= step]
        if self.classes is not None and (self.classes.step or 0) > step:
            self.classes = None

    def _settle(self, event: events.CommandTaken | events.CommandDropped) -> None:
        """A command that was deferred no longer is."""
        waits = next((each for each in self.deferred if each.command == event.command), None)
        if waits is not None:
            self.deferred.remove(waits)

    def _is_news(self, event: events.Event) -> bool:
        """Whether the log has a line for it. An evaluation is one line, its scores: neither its begin nor the way back
        from it is; nor are newer figures of an advice that stands."""
        if isinstance(event, events.PhaseChanged):
            aside = ("evaluating", "sampling")
            return not (event.phase in aside or (self.phase in aside and event.phase == "training"))
        return not (isinstance(event, events.Advice) and event.again and event.kind in self.advice)
