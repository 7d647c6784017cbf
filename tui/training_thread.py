"""The thread that trains: it writes the run folder, and nothing of it reaches the screen but what stands there."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core.errors import FinetuiError
from tui import terminal

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.events import RunFailed, RunFinished
    from core.runs.folder import RunFolder

    Outcome = RunFinished | RunFailed
    RunFunction = Callable[..., Outcome]
    """Takes config and folder, and `resume=True` where a run goes on."""

STEPS_BACK = 5
"""By how much the thread that trains is nicer than the one that paints."""


class TrainingThread(threading.Thread):
    """Trains one run. Not a daemon: the process lives until the run is over, with or without a screen.

    Args:
        function: what trains; the engine when absent.
        resume: go on from the last checkpoint of the folder.

    Attributes:
        outcome: how the run ended; None while it lives.
    """

    def __init__(
        self, config: RunConfig, folder: RunFolder, function: RunFunction | None = None, resume: bool = False
    ) -> None:
        super().__init__(name="training", daemon=False)
        self.config = config
        self.folder = folder
        self.resume = resume
        self.outcome: Outcome | None = None
        self._function = function

    def run(self) -> None:
        _let_the_screen_go_first()
        try:
            with terminal.output_to(self.folder.output), terminal.short_switch_interval():
                train = self._function or _engine()
                self.outcome = train(self.config, self.folder, **({"resume": True} if self.resume else {}))
        except Exception as error:  # a library that cannot be imported, a folder that is gone
            self.outcome = _failed(error, self.folder)
            with contextlib.suppress(FinetuiError):  # nothing can be written: whoever looks at the thread has it
                self.folder.emit(self.outcome)
        self.folder.close()

    def stop(self) -> None:
        """Ask the run to finish its step, save, and end."""
        from core.commands import Stop
        from core.runs.folder import tell

        tell(self.folder.path, Stop())


def _let_the_screen_go_first() -> None:
    """Lower the priority of the calling thread, and so of the OpenMP workers that it will start.

    On two cores a key reached the screen in 24 ms instead of 41, at the same steps per second: painting takes little,
    but it should not queue behind arithmetic. On Linux alone: elsewhere a thread has no priority of its own.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + STEPS_BACK)


def _engine() -> RunFunction:
    """The engine, which says that it starts, and listens, while the warm-up still imports torch and transformers."""
    from core.training.engine import run
    from tui import warm_up

    return partial(run, libraries=warm_up.wait)


def _failed(error: Exception, folder: RunFolder) -> RunFailed:
    from core.events import RunFailed

    return RunFailed(
        t=time.time(),
        title=f"the run could not begin: {type(error).__name__}",
        detail=str(error),
        hint="finetui doctor says what is missing",
        traceback=traceback.format_exc(),
        run=str(folder.path),
    )
