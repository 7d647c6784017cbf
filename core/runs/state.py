"""What the events of a run add up to: the picture that the Monitor paints and `show` prints."""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core import events

Status = Literal["waiting", "running", "paused", "completed", "stopped", "early_stopped", "failed", "crashed"]
LIVE: tuple[Status, ...] = ("waiting", "running", "paused")
"""How a run stands that is not over by its own account; where its process is gone, it has crashed."""
RESUMABLE: tuple[Status, ...] = ("stopped", "failed", "crashed")
"""How a run stands that can go on, if it has a checkpoint."""


def _whole() -> array[int]:
    return array("q")


def _real() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Series:
    """One metric over the run: parallel arrays, in the order of the events. `values` may hold NaN and infinity.

    Steps are int64, all else float64 (`times` in unix seconds): a million of each take 32 MB, not 130 as lists.
    """

    steps: array[int] = field(default_factory=_whole)
    epochs: array[float] = field(default_factory=_real)
    times: array[float] = field(default_factory=_real)
    values: array[float] = field(default_factory=_real)

    def append(self, step: int, epoch: float, time: float, value: float) -> None:
        self.steps.append(step)
        self.epochs.append(epoch)
        self.times.append(time)
        self.values.append(value)

    def extend(self, other: Series) -> None:
        self.steps.extend(other.steps)
        self.epochs.extend(other.epochs)
        self.times.extend(other.times)
        self.values.extend(other.values)

    def cut(self, step: int) -> None:
        """Drop what stands after `step`."""
        kept = [index for index, at in enumerate(self.steps) if at <= step]
        self.steps = array("q", [self.steps[index] for index in kept])
        self.epochs = array("d", [self.epochs[index] for index in kept])
        self.times = array("d", [self.times[index] for index in kept])
        self.values = array("d", [self.values[index] for index in kept])


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An advice that stood from the step of `said` up to `step`."""

    said: events.Advice
    step: int


@dataclass(slots=True)
class RunState:
    """A fold over events: `apply` each in turn. The same events give the same state, live or replayed.

    Attributes:
        series: metric name -> its values; evaluation metrics keep their `eval_` prefix.
        time_spent: seconds per activity, those before it was resumed included.
        evaluations: those that count: what a resumed run took back is gone.
        deferred: commands that the engine has read and not carried out yet, and when it will, in the inbox's words.
        advice: kind -> what was said last of it, and stands.
        withdrawn: what was said and stands no longer, in the order in which it was taken back.
        log: notices and milestones as (t, level, text).
    """

    started: events.RunStarted | None = None
    finished: events.RunFinished | None = None
    failed: events.RunFailed | None = None
    phase: events.Phase | None = None
    detail: str = ""
    progress: events.Progress | None = None
    training: events.Progress | None = None
    hardware: events.HardwareRead | None = None
    time_spent: dict[str, float] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)
    evaluations: list[events.Evaluated] = field(default_factory=list)
    classes: events.ClassesCounted | None = None
    samples: list[events.Sampled] = field(default_factory=list)
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    checkpoints: list[events.CheckpointSaved] = field(default_factory=list)
    commands: list[events.CommandTaken] = field(default_factory=list)
    deferred: list[events.CommandDeferred] = field(default_factory=list)
    advice: dict[str, events.Advice] = field(default_factory=dict)
    withdrawn: list[Withdrawn] = field(default_factory=list)
    log: list[tuple[float, events.Level, str]] = field(default_factory=list)
    last_t: float = 0.0
    _spent_before: dict[str, float] = field(default_factory=dict)
    _seconds_before: float = 0.0
    _paused: bool = False
    _peak: int = 0
    _gpu_peaks: tuple[int, ...] = ()

    @property
    def status(self) -> Status:
        """How the run stands by its own account; a run that died says nothing of it (see RunSummary.status)."""
        if self.failed is not None:
            return "failed"
        if self.finished is not None:
            return self.finished.reason
        if self.started is None and self.progress is None and self.training is None:
            return "waiting"
        return "paused" if self._paused else "running"

    @property
    def seconds(self) -> float:
        """How long it took up to now, or to its end, in all its lives; not the time between them."""
        if self.started is None:
            return 0.0
        ended = self.finished is not None and self.finished.seconds
        return self._seconds_before + (ended or self.last_t - self.started.t)

    @property
    def metrics(self) -> dict[str, float]:
        """The scores of the model that was saved, else those of the last evaluation; empty where there was none."""
        if self.finished is not None and self.finished.metrics:
            return self.finished.metrics
        return self.evaluations[-1].metrics if self.evaluations else {}

    @property
    def metrics_step(self) -> int | None:
        """The step of the evaluation that `metrics` are of, where it is not the run's last word."""
        if not self.evaluations or (self.finished is not None and self.finished.metrics):
            return None
        return self.evaluations[-1].step

    @property
    def rate(self) -> float | None:
        """The learning rate as it was logged or set last."""
        series = self.series.get("learning_rate")
        logged = series.times[-1] if series and series.times else -math.inf
        told = (event for event in reversed(self.commands) if event.command.get("command") == "set_learning_rate")
        newest = next(told, None)
        if newest is not None and newest.t >= logged and isinstance(newest.command.get("value"), int | float):
            return float(newest.command["value"])
        return self.latest("learning_rate")

    @property
    def has_model(self) -> bool:
        """Whether it left weights: a checkpoint, or a model at its end. One that ended before step 1 did not."""
        return bool(self.checkpoints) or (self.finished is not None and self.finished.step is not None)

    @property
    def memory_peak(self) -> int | None:
        """The most bytes that a process of the run held, in all its lives; None where nobody read them."""
        return self._peak or None

    @property
    def gpu_memory_peaks(self) -> list[int]:
        """The most bytes of each GPU's memory in tensors, in all its lives."""
        return [*self._gpu_peaks]

    def latest(self, metric: str) -> float | None:
        """The last value of a metric; None where it was never computed."""
        series = self.series.get(metric)
        return series.values[-1] if series and series.values else None

    def apply(self, event: events.Event) -> None:
        """Take one event into account."""
        if isinstance(event, events.RunStarted):
            self._seconds_before = self.seconds
        self.last_t = max(self.last_t, event.t)
        match event:
            case events.RunStarted():
                self.started, self.finished, self.failed = event, None, None
                self.phase, self.detail, self.progress, self._paused = None, "", None, False
                self.deferred = []
                resumed = "" if event.resumed_from is None else f", resumed from step {event.resumed_from}"
                self._note(event, "info", f"started {event.name}{resumed}")
                self._rewind(event.resumed_from)
                self._spent_before = self.time_spent
            case events.PhaseChanged():
                # An evaluation is one line in the log, its scores: neither its begin nor the way back from it is.
                aside = ("evaluating", "sampling")
                passing = event.phase in aside or (self.phase in aside and event.phase == "training")
                self.phase, self.detail, self.progress = event.phase, event.detail, None
                if not passing:
                    self._note(event, "info", f"{event.phase} {event.detail}".rstrip())
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
                self._note(event, "info", f"step {event.step or 0}: {_scores_text(event.metrics)}")
            case events.ClassesCounted():
                self.classes = event
            case events.Sampled():
                self.samples.append(event)
                self._note(event, "info", _samples_text(event))
            case events.BaselineScored():
                self.baselines[event.name] = event.metrics
                self._note(event, "info", f"baseline {event.name}: {_scores_text(event.metrics)}")
            case events.CheckpointSaved():
                self.checkpoints.append(event)
                self._note(event, "info", f"saved {event.path}")
            case events.CommandTaken():
                self.commands.append(event)
                self._settle(event)
                self._note(event, "info", taken_text(event))
            case events.CommandDeferred():
                self.deferred.append(event)
                self._note(event, "info", f"asked to {command_text(event)}: {event.until}")
            case events.CommandDropped():
                self._settle(event)
                self._note(event, "warning", dropped_text(event))
            case events.Advice():
                self._take_advice(event)
            case events.AdviceWithdrawn():
                said = self.advice.pop(event.kind, None)
                if said is not None:
                    self.withdrawn.append(Withdrawn(said, event.step or 0))
                self._note(event, "info", event.message)
            case events.Notice():
                self._note(event, event.level, event.message)
            case events.HardwareRead():
                self.hardware = event
                self._record(event, memory(event))
                self._peak = max(self._peak, event.process_memory_peak or 0)
                both = itertools.zip_longest(self._gpu_peaks, event.gpu_memory_peaks, fillvalue=0)
                self._gpu_peaks = tuple(map(max, both))
            case events.RunFinished():
                self.finished = event
                if self.training is not None and event.step is not None and event.step > self.training.done:
                    self.training = replace(self.training, done=event.step, step=event.step)
                self._note(event, "info", f"{event.reason.replace('_', ' ')} after {self.seconds:.0f} s")
            case events.RunFailed():
                self.failed = event
                self._note(event, "error", event.title)

    def take_steps(self, logged: Sequence[Mapping[str, Any]]) -> bool:
        """All that these StepLogged do, as JSON has them: for reading millions, a column at a time.

        Returns:
            False where one of them is not as they are written: then none was taken into account.
        """
        try:
            groups = [_columns([*group]) for _, group in itertools.groupby(logged, lambda data: [*data["metrics"]])]
        except (KeyError, TypeError, AttributeError, OverflowError):
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

    def _take_advice(self, event: events.Advice) -> None:
        before = self.advice.pop(event.kind, None)
        if event.again and before is not None:  # it stands since it was said first
            self.advice[event.kind] = replace(event, step=before.step)
            return
        self.advice[event.kind] = event
        self._note(event, event.level, event.message)

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

    def _note(self, event: events.Event, level: events.Level, text: str) -> None:
        self.log.append((event.t, level, text))


def _columns(logged: Sequence[Mapping[str, Any]]) -> dict[str, Series]:
    """Each metric of what was logged, all of it with the same metrics."""
    steps = array("q", [data["step"] for data in logged])
    epochs = array("d", [data["epoch"] for data in logged])
    times = array("d", [data["t"] for data in logged])
    return {
        name: Series(steps, epochs, times, _values([data["metrics"][name] for data in logged]))
        for name in logged[0]["metrics"]
    }


def _values(written: Sequence[Any]) -> array[float]:
    try:
        return array("d", written)
    except TypeError:  # NaN and infinity are words
        return array("d", map(events.number, written))


def memory(read: events.HardwareRead) -> dict[str, float]:
    """What a reading says of the memory in use, as metrics, in bytes; of several GPUs that of the fullest."""
    found = {"process_memory": float(read.process_memory)}
    if read.devices:
        found["gpu_memory"] = float(max(device.get("memory_used") or 0 for device in read.devices))
    return found


def _scores_text(metrics: dict[str, float]) -> str:
    scores = {name.removeprefix("eval_"): value for name, value in metrics.items()}
    return ", ".join(
        f"{name} {value:.4g}" for name, value in scores.items() if not name.endswith(("runtime", "per_second"))
    )


def _samples_text(event: events.Sampled) -> str:
    judged = [sample for sample in event.samples if "correct" in sample]
    right = f", {sum(bool(sample['correct']) for sample in judged)} of {len(judged)} right" if judged else ""
    return f"step {event.step or 0}: {len(event.samples)} samples{right}"


def taken_text(event: events.CommandTaken) -> str:
    """What a command changed, or that it was taken."""
    if event.before is not None:
        rate = event.command.get("value", 0.0)
        return f"lr {event.before:.4g} → {rate:.4g}; the schedule goes on from there"
    return f"took command {command_text(event)}"


def dropped_text(event: events.CommandDropped) -> str:
    """That a command came to nothing, and why."""
    return f"dropped command {command_text(event)}: {event.reason}"


def command_text(event: events.CommandTaken | events.CommandDeferred | events.CommandDropped) -> str:
    """`save`, `set learning rate 1e-05`, `sample TEXT`."""
    name = str(event.command.get("command", "?")).replace("_", " ")
    value = event.command.get("value")
    return " ".join([name, *([f"{value:g}"] if value is not None else []), str(event.command.get("text", ""))]).rstrip()
