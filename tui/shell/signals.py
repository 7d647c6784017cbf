"""What a person or the system asks of the shell while a run is followed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from tui.shell.streams import Streams


class Signals:
    """Takes note of signals while it lasts. A context manager; main thread only.

    Attributes:
        interrupts: how often Ctrl+C was pressed.
        terminated: whether SIGTERM came.
    """

    def __init__(self, streams: Streams) -> None:
        self.interrupts = 0
        self.terminated = False
        self._streams = streams
        self._process = os.getpid()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Signals:
        self._on(signal.SIGINT, self._interrupt)
        self._on(signal.SIGTERM, self._terminate)
        # A process that was started to ignore hang-ups (nohup) goes on ignoring them.
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            # The run goes on to its end with nobody watching; `finetui attach` finds it.
            self._on(signal.SIGHUP, self._streams.drop_terminal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def stop(self) -> bool:
        """Whether the run should end."""
        return self.interrupts > 0 or self.terminated

    def _on(self, number: signal.Signals, do: Callable[[], None]) -> None:
        def handler(_number: int, _frame: FrameType | None) -> None:
            if os.getpid() == self._process:
                do()
            elif number == signal.SIGTERM:  # a data loader's worker inherits the handler, and must end when told
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)

        self._before[number] = signal.signal(number, handler)

    def _interrupt(self) -> None:
        self.interrupts += 1

    def _terminate(self) -> None:
        self.terminated = True
