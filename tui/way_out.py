"""How the app is left: by its key, by a signal, or because the terminal has gone. A live run is never cut off."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from core.errors import FinetuiError
from tui import terminal

if TYPE_CHECKING:
    from tui.app import FinetuiApp

LOOK_SECONDS = 1.0


class WayOut:
    """Every way goes through here. What a signal asks for before the app runs is done once it does."""

    def __init__(self, app: FinetuiApp) -> None:
        self._app = app
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted = False

    def open(self) -> None:
        """The app runs: it can be asked to leave, and may have been already."""
        self._loop = asyncio.get_running_loop()
        self._app.set_interval(LOOK_SECONDS, self._look_at_terminal)
        if self._wanted:
            self._app.exit()

    def ask(self) -> None:
        """Leave; with a live run, ask what becomes of it."""
        from tui.screens.dialogs import QuitDialog

        live = self._app.live
        if live is None:
            self._app.exit()
        elif not isinstance(self._app.screen, QuitDialog):
            self._app.push_screen(QuitDialog(live.folder.path.name), self._answered)

    def _answered(self, answer: str | None) -> None:
        live = self._app.live
        if answer == "leave" or (answer == "stop" and live is None):
            self._app.exit()
        elif answer == "stop" and live is not None:
            try:
                live.stop()
            except FinetuiError as error:
                self._app.show_error(error)
                return
            self._app.own_run.leave_at_end = True
            self._app.notify("finetui leaves when the run has saved", markup=False)
            self._app.watch_run(live.folder.path)

    def run_ended(self) -> None:
        """The question what becomes of the run has no meaning any more."""
        from tui.screens.dialogs import QuitDialog

        if isinstance(self._app.screen, QuitDialog):
            self._app.screen.dismiss("stay")

    def leave(self) -> None:
        """From a signal handler: the terminal is gone, so is the screen. A live run goes on."""
        self._wanted = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._app.exit)

    def stop_and_leave(self) -> None:
        """From a signal handler: the process was told to end."""
        if self._app.live is not None:
            with contextlib.suppress(FinetuiError):  # the disk is full: nobody is there to be told
                self._app.live.stop()
        self.leave()

    def _look_at_terminal(self) -> None:
        """A hang-up without a signal (nohup): the input thread would read the end of the file for ever."""
        if terminal.is_gone():
            terminal.drop()
            self._app.exit()
