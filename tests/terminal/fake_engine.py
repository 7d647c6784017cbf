"""What the engine does to a run folder, without a model: for tests of the process around it."""

from __future__ import annotations

import multiprocessing
import os
import time

from core import events
from core.commands import Pause, Resume, Stop, to_dict
from core.config import RunConfig
from core.runs.folder import RunFolder


class FakeEngine:
    """Sleeps through its steps, writes events, and obeys Pause, Resume and Stop.

    It also writes to fds 1 and 2 and with `print`, as libraries do.
    """

    def __init__(self, steps: int = 100, seconds: float = 0.05) -> None:
        self.steps = steps
        self.seconds = seconds

    def __call__(self, config: RunConfig, folder: RunFolder) -> events.RunFinished:
        folder.take()
        folder.emit(
            events.RunStarted(
                t=time.time(), run=str(folder.path), name=config.title, task=config.task, model="tiny", method="full",
                engine="fake",
            )
        )  # fmt: skip
        os.write(1, b"a library wrote this to fd 1\n")
        os.write(2, b"a library wrote this to fd 2\n")
        print("a library printed this")
        multiprocessing.get_context("spawn").Lock()  # as a data loader with workers does; starts a helper process
        folder.emit(events.PhaseChanged(t=time.time(), phase="training", detail=f"{self.steps} steps"))
        step, paused, reason = 0, False, "completed"
        while step < self.steps and reason == "completed":
            time.sleep(self.seconds)
            for command in folder.read_commands():
                folder.emit(events.CommandTaken(t=time.time(), step=step, command=to_dict(command)))
                paused = isinstance(command, Pause) or (paused and not isinstance(command, Resume))
                reason = "stopped" if isinstance(command, Stop) else reason
            step += not paused
            self._say(folder, step, paused)
        outcome = events.RunFinished(
            t=time.time(), step=step, reason=reason, run=str(folder.path), metrics={"eval_loss": 1 / (step + 1)}
        )
        folder.emit(outcome)
        return outcome

    def _say(self, folder: RunFolder, step: int, paused: bool) -> None:
        at = {"t": time.time(), "step": step}
        folder.emit(
            events.Progress(phase="training", done=step, total=self.steps, rate=1 / self.seconds, paused=paused, **at)
        )
        folder.emit(events.StepLogged(metrics={"loss": 1 / (step + 1), "learning_rate": 1e-4}, **at))
