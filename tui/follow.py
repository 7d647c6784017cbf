"""A run as the Monitor follows it: what it said, what it was told and has not taken yet, whether it lives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core import commands, events
from core.runs import owner
from core.runs.folder import tell
from core.runs.history import History
from core.runs.state import LIVE, RESUMABLE, RunState, Status, memory
from tui.buckets import Buckets

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
        """Whether it can be told all else: what comes before its first step is passed over."""
        return self.takes_stop and self.state.training is not None

    @property
    def can_resume(self) -> bool:
        """Whether it broke off and has a checkpoint to go on from."""
        return self.status in RESUMABLE and bool(self.state.checkpoints)

    @property
    def learning_rate(self) -> float | None:
        """The rate now, or the one that was last asked for."""
        asked = [command.value for command in self.pending if isinstance(command, commands.SetLearningRate)]
        return asked[-1] if asked else self.state.latest("learning_rate")

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
            case events.RunStarted(resumed_from=int()):
                self._redraw()  # it takes back what came after its checkpoint
            case events.StepLogged() | events.Evaluated():
                self._extend(event.metrics)
            case events.HardwareRead():
                self._extend(memory(event))
            case events.CommandTaken():
                self._taken(event)
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
        self.changed |= self.curves.keys()

    def _taken(self, event: events.CommandTaken) -> None:
        taken = next((command for command in self.pending if commands.to_dict(command) == event.command), None)
        if taken is not None:
            self.pending.remove(taken)
