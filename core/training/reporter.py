"""The engine's voice: events into the run folder, at a bearable rate, and commands out of its inbox."""

from __future__ import annotations

import contextlib
import time
import traceback
from pathlib import Path
from typing import Any

from core import commands, events
from core.errors import FinetuiError, RunStopped, first_line
from core.runs.folder import RunFolder

PROGRESS_SECONDS = 0.5
"""Progress is said at most this often: whoever watches paints at each."""


class Reporter:
    """Says what happens and remembers that it was told to stop.

    Attributes:
        stopped: a Stop command has been taken.
        inbox: the commands that were read and are not carried out yet.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.stopped = False
        self.inbox: list[commands.Command] = []
        self._last_progress = 0.0
        self._failures: set[str] = set()

    def phase(self, phase: events.Phase, detail: str = "", step: int | None = None) -> None:
        """A phase begins."""
        self.folder.emit(events.PhaseChanged(t=time.time(), step=step, phase=phase, detail=detail))
        self._last_progress = 0.0

    def progress(self, phase: events.Phase, done: int, total: int, urgent: bool = False, **fields: Any) -> None:
        """How far the phase is; said only now and then, but always where it is urgent and at the end."""
        now = time.time()
        if urgent or done >= total or now - self._last_progress >= PROGRESS_SECONDS:
            self._last_progress = now
            self.folder.emit(events.Progress(t=now, phase=phase, done=done, total=total, **fields))

    def notice(self, message: str, level: events.Level = "info", source: str = "finetui") -> None:
        self.folder.emit(events.Notice(t=time.time(), message=message, level=level, source=source))

    def failed(self, what: str, error: Exception) -> None:
        """Something went wrong that does not end the run: a notice, and the traceback in output.log, each text once."""
        message = f"{what}: {type(error).__name__}: {first_line(error)}"
        if message in self._failures:
            return
        self._failures.add(message)
        self.notice(f"{message} ({_where(error)}; the traceback stands in output.log)", "error")
        with self.folder.output.open("a", encoding="utf-8") as stream:
            stream.write("".join(traceback.format_exception(error)))

    def hear(self, until: str = "", at_once: tuple[type[commands.Command], ...] = ()) -> None:
        """Read what has arrived.

        Args:
            until: when it can be carried out, said of each command but Stop; empty: now.
            at_once: those that need not wait.
        """
        new = self.folder.read_commands()
        self.inbox += new
        for command in new:
            if until and not isinstance(command, (commands.Stop, *at_once)):
                told = commands.to_dict(command)
                self.folder.emit(events.CommandDeferred(t=time.time(), command=told, until=until))

    def take(
        self,
        command: commands.Command,
        step: int | None = None,
        epoch: float | None = None,
        before: float | None = None,
        after: float | None = None,
    ) -> None:
        """A command is carried out; `after` is the learning rate that it put in the place of `before`."""
        told = commands.to_dict(command)
        self.folder.emit(
            events.CommandTaken(t=time.time(), step=step, epoch=epoch, command=told, before=before, after=after)
        )

    def drop(self, command: commands.Command, reason: str) -> None:
        """A command will not be carried out."""
        told = commands.to_dict(command)
        self.folder.emit(events.CommandDropped(t=time.time(), command=told, reason=reason))

    def drop_rest(self) -> None:
        """For the end of a run: nothing that it was told is lost without a word, unless nothing can be written."""
        with contextlib.suppress(FinetuiError, OSError):
            self.hear()
            for command in self.inbox:
                if not (self.stopped and isinstance(command, commands.Stop)):
                    self.drop(command, "the run ended first")

    def stop_if_told(self) -> None:
        """For the phases before training, where Stop alone is carried out; the rest waits for the first step.

        Raises:
            RunStopped: Stop has arrived.
        """
        self.hear("when it trains")
        if commands.Stop() in self.inbox:
            self.inbox.remove(commands.Stop())
            self.stopped = True
            self.take(commands.Stop())
        if self.stopped:
            raise RunStopped


def _where(error: Exception) -> str:
    """The line that raised it."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    return "".join(f"{Path(frame.filename).name}, line {frame.lineno}" for frame in last)
