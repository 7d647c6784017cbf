"""The run that trains in this process: begun here, followed from the top line, seen to its end. One at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FinetuiError

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.events import RunFailed
    from core.runs.folder import RunFolder
    from tui.app import FinetuiApp
    from tui.live import LiveRun
    from tui.training_thread import RunFunction, TrainingThread

LOOK_SECONDS = 0.5


class OwnRun:
    """What the app owns of a run.

    Args:
        train: what the training thread runs; the engine when absent.

    Attributes:
        leave_at_end: leave the app as soon as the run is over.
    """

    def __init__(self, app: FinetuiApp, train: RunFunction | None) -> None:
        self.leave_at_end = False
        self._app = app
        self._train = train
        self._newest: LiveRun | None = None
        self._beginning = threading.Lock()

    @property
    def thread(self) -> TrainingThread | None:
        """The thread of the newest run of this process."""
        return self._newest.thread if self._newest is not None else None

    @property
    def live(self) -> TrainingThread | None:
        """The thread that trains now, if one does."""
        return self.thread if self.thread is not None and self.thread.is_alive() else None

    def begin(self, config: RunConfig) -> None:
        """Make a run folder and train in it. For a thread: it waits for disk and imports.

        Raises:
            FinetuiError: a run trains already, or its folder cannot be made.
        """
        from core.runs.folder import RunFolder

        self._start(lambda: (RunFolder.create(self._app.store.root, config), config), resume=False)

    def resume(self, run: Path) -> None:
        """Go on with a run in its own folder. For a thread.

        Raises:
            FinetuiError: a run trains already in this process, or this one cannot go on.
        """
        from core.runs import resume

        def opened() -> tuple[RunFolder, RunConfig]:
            folder, loaded = resume.open_run(run)
            return folder, loaded.config

        self._start(opened, resume=True)

    def _start(self, make: Callable[[], tuple[RunFolder, RunConfig]], resume: bool) -> None:
        from tui.live import LiveRun
        from tui.training_thread import TrainingThread

        with self._beginning:
            if self.live is not None:
                name = self.live.folder.path.name
                raise FinetuiError("a run trains already", name, "stop it first, or wait for its end")
            if not self._app.is_running:  # left in the meantime
                return
            folder, config = make()
            thread = TrainingThread(config, folder, self._train, resume)
            self._newest = LiveRun(thread, from_form=self._app.current_mode == "configure")
            thread.start()
        self._app.call_later(self._follow, self._newest)

    def begin_demo(self, name: str) -> None:
        """Prepare the data of a demo and train on it. For a thread."""
        from core import demo

        self.begin(demo.prepare(name))

    def _follow(self, run: LiveRun) -> None:
        self._app.watch_run(run.thread.folder.path)
        run.timer = self._app.set_interval(LOOK_SECONDS, partial(self._look, run))

    def _look(self, run: LiveRun) -> None:
        self._app.note = run.note()
        if run.thread.is_alive():
            return
        assert run.timer is not None
        run.timer.stop()
        self._app.way_out.run_ended()
        failure = run.failure
        if self.leave_at_end:
            self._app.exit()
        elif failure is not None and failure.exit_code == FinetuiError.exit_code and not run.thread.resume:
            self._refused(run, failure)
        elif self._app.current_mode != "monitor":
            severity = "error" if failure is not None else "information"
            self._app.notify(run.ending, title=run.name, severity=severity, markup=False)  # type: ignore[arg-type]

    def _refused(self, run: LiveRun, failure: RunFailed) -> None:
        """Bad input: nothing was trained, so nothing is kept but the form."""
        from tui.screens.dialogs import ErrorDialog

        error = FinetuiError(failure.title, failure.detail, failure.hint, key=failure.key)

        def answered(answer: str | None) -> None:
            if answer == "form":  # which still has what was typed there
                self._app.configure(config=None if run.from_form else run.thread.config, error=error)

        self._app.catch_up(run.thread.folder.path)
        run.thread.folder.discard()
        self._app.push_screen(ErrorDialog(error, [("form", "Back to the form"), ("close", "Close")]), answered)
