"""A run as the Monitor follows it: what it said, what it was told and has not taken yet, whether it lives."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core import commands, events
from core.runs import owner
from core.runs.event_words import dropped_text, taken_text
from core.runs.folder import RunFolder, tell
from core.runs.history import History
from core.runs.readings import memory
from core.runs.state import LIVE, RESUMABLE, RunState, Status
from tui.buckets import Buckets

ANSWER_SECONDS = 5.0
"""How long the answer to a command stands where it was asked."""
LIVE_BYTES = 2**17
"""Read at most so much at a time from a run that lives: a few milliseconds."""


class RunFollower:
    """Reads a run folder and keeps what is drawn of it. `replay` blocks, all else is quick.

    Attributes:
        curves: metric name -> its values, bounded in size.
        changed: the metrics that got values since the caller last emptied it.
        pending: what the run was told and has not taken yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.curves: dict[str, Buckets] = {}
        self.changed: set[str] = set()
        self.pending: list[commands.Command] = []
        self.alive = self.is_dead = False
        self._answer = ""
        self._answered = 0.0
        self._history = History(path)

    @property
    def state(self) -> RunState:
        """What the events read so far add up to."""
        return self._history.state

    def replay(self, report: Callable[[float], None] | None = None) -> None:
        """Read everything that stands in the folder now. For a thread: a long run takes seconds.

        Args:
            report: is told, from time to time, which share of the file has been read.
        """
        self._history.replay(report)
        self._redraw()
        self.look_for_owner()

    def poll(self) -> bool:
        """Read what is new; whether there was any."""
        new = self._history.reader.read(LIVE_BYTES)
        for event in new:
            self._take(event)
        return bool(new)

    def look_for_owner(self) -> None:
        """See whether a process still trains the run."""
        trainer = owner.read(self.path)
        self.alive = trainer is not None and trainer.alive
        self.is_dead = trainer is not None and not self.alive

    @property
    def status(self) -> Status:
        """How the run stands; crashed where its process died without a word."""
        status = self.state.status
        if status in LIVE and self.is_dead:
            return "crashed"
        return status

    @property
    def takes_stop(self) -> bool:
        """Whether it can be told to stop: at any time, once."""
        return self.alive and self.state.status in LIVE and commands.Stop() not in self.pending

    @property
    def takes_commands(self) -> bool:
        """Whether it can be told all else: that waits for its first step."""
        return self.takes_stop and self.state.training is not None

    @property
    def will_pause(self) -> bool:
        """Whether it stands still once it has taken what it was told here: it takes that in order."""
        told = (command for command in reversed(self.pending) if isinstance(command, commands.Pause | commands.Resume))
        last = next(told, None)
        return self.status == "paused" if last is None else isinstance(last, commands.Pause)

    @property
    def can_resume(self) -> bool:
        """Whether it broke off and has a checkpoint to go on from."""
        return self.status in RESUMABLE and RunFolder(self.path).last_checkpoint(resumable=True) is not None

    @property
    def answer(self) -> str:
        """What the run answered to the last command that it was told here; empty a while later."""
        return self._answer if time.monotonic() - self._answered < ANSWER_SECONDS else ""

    def when(self, asked: Sequence[commands.Command]) -> str:
        """When it takes what it was asked for and has not taken yet."""
        phase = self.state.phase
        if commands.Stop() in asked:
            return "after this step" if phase == "training" else "as soon as it can"
        if self.state.training is None:
            return "when it trains"
        if phase == "evaluating":
            soon = all(isinstance(command, commands.BETWEEN_BATCHES) for command in asked)
            return "after this batch" if soon else "after the evaluation"
        return "after the samples" if phase == "sampling" else "after this step"

    @property
    def skipped(self) -> list[str]:
        """What could not be read."""
        return self._history.reader.skipped

    def tell(self, command: commands.Command) -> None:
        """Tell the run something; it is pending until the run says that it took it.

        Raises:
            FinetuiError: the folder cannot be written.
        """
        tell(self.path, command)
        self.pending.append(command)

    def _take(self, event: events.Event) -> None:
        self._history.apply(event)
        match event:
            case events.RunStarted():
                self.look_for_owner()
                if event.resumed_from is not None:
                    self._redraw()  # it takes back what came after its checkpoint
            case events.StepLogged() | events.Evaluated():
                self._extend(event.metrics)
            case events.HardwareRead():
                self._extend(memory(event))
                self._reach_peak()
            case events.CommandTaken():
                self._settle(event, taken_text(event))
                if event.after is not None:
                    self._extend({"learning_rate": event.after})  # the card need not wait for the next log
            case events.CommandDropped():
                self._settle(event, dropped_text(event))
            case events.RunFinished() | events.RunFailed():
                self.pending.clear()

    def _extend(self, metrics: dict[str, float]) -> None:
        for name, value in metrics.items():
            self.curves.setdefault(name, Buckets()).add(value)
        self.changed |= metrics.keys()

    def _redraw(self) -> None:
        """All curves anew, from the state."""
        for name, series in self.state.series.items():
            self.curves[name] = Buckets(series.values)
        if self.state.rate is not None and self.state.rate != self.state.latest("learning_rate"):
            self._extend({"learning_rate": self.state.rate})
        self._reach_peak()
        self.changed |= self.curves.keys()

    def _reach_peak(self) -> None:
        """The highest of the memory's card is the peak that `show` prints, not that of the readings."""
        if self.state.peaks.process is not None and "process_memory" in self.curves:
            self.curves["process_memory"].reach(self.state.peaks.process)

    def _settle(self, event: events.CommandTaken | events.CommandDropped, answer: str) -> None:
        """A command that was told here has its answer."""
        told = next((command for command in self.pending if commands.to_dict(command) == event.command), None)
        if told is not None:
            self.pending.remove(told)
            self._answer, self._answered = answer, time.monotonic()
