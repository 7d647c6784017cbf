"""Following a run from the shell: read what is new ten times a second, show it, pass on the person's wish to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from core import events
from core.commands import Stop
from core.runs.folder import tell
from core.runs.reader import RunReader
from core.runs.state import RunState
from tui.shell.signals import Signals

INTERVAL = 0.1
"""Seconds between two looks at the run."""


class Display(Protocol):
    """What draws a run in the shell."""

    def show(self, new: Sequence[events.Event], state: RunState) -> None:
        """Draw what is new; called ten times a second, also with nothing new."""

    def note(self, text: str) -> None:
        """A line for the person, beside what is drawn."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Aborted(Exception):
    """Ctrl+C a second time: the person does not wait for the checkpoint."""


def follow(
    run: Path,
    display: Display,
    alive: Callable[[], bool],
    signals: Signals | None = None,
    until: Callable[[RunState], bool] = lambda state: False,
    begin: int = 0,
) -> RunState:
    """Show a run until it is no longer `alive`, or `until` says so, and return what its events add up to.

    What stands before byte `begin` of its events is left out.

    With `signals`, the first Ctrl+C tells the run to stop and save.

    Raises:
        Aborted: the second Ctrl+C.
    """
    reader, state, told = RunReader(run, begin), RunState(), False
    try:
        while True:
            # Asked before the file is read: what a run wrote up to its death is then all there.
            over = not alive()
            new = reader.read_all()
            for event in new:
                state.apply(event)
            display.show(new, state)
            if over or until(state):
                return state
            if signals is not None and signals.interrupts > 1:
                raise Aborted
            # Before its first event a run does not read its inbox.
            if signals is not None and signals.stop and state.started is not None and not told:
                tell(run, Stop())
                display.note("the run stops after this step and saves; Ctrl+C again leaves at once")
                told = True
            time.sleep(INTERVAL)
    finally:
        display.close()
