"""What is known of a run from its events, and what follows from that."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from core import events
from core.runs.readings import Peaks
from core.runs.series import Series


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An advice that stood from the step of `said` up to `step`."""

    said: events.Advice
    step: int


@dataclass(slots=True)
class RunPicture:
    """A run as its events tell it, over all its lives.

    Attributes:
        series: metric name -> its values; evaluation metrics keep their `eval_` prefix.
        time_spent: seconds per activity, those before it was resumed included.
        evaluations: those that count: what a resumed run took back is gone.
        deferred: commands that the engine has read and not carried out yet, and when it will, in the inbox's words.
        advice: kind -> what was said last of it, and stands.
        withdrawn: what was said and stands no longer, in the order in which it was taken back.
        log: notices and milestones as (t, level, text).
        peaks: of memory, in all its lives.
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
    peaks: Peaks = field(default_factory=Peaks)
    last_t: float = 0.0
    _spent_before: dict[str, float] = field(default_factory=dict)
    _seconds_before: float = 0.0
    _paused: bool = False

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
        newest = next((event for event in reversed(self.commands) if event.after is not None), None)
        return newest.after if newest is not None and newest.t >= logged else self.latest("learning_rate")

    @property
    def has_model(self) -> bool:
        """Whether it left weights: a checkpoint, or a model at its end. One that ended before step 1 did not."""
        return bool(self.checkpoints) or (self.finished is not None and self.finished.step is not None)

    def latest(self, metric: str) -> float | None:
        """The last value of a metric; None where it was never computed."""
        series = self.series.get(metric)
        return series.values[-1] if series and series.values else None
