"""One measured figure, and a process on a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SIZE = (40, 120)
"""Lines and columns of the terminal."""
ESCAPES = re.compile(rb"\x1b(\[[0-9;?<>=$]*[a-zA-Z~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])")
PATIENCE = 300.0
"""Seconds after which a process counts as hung."""
LOOK_SECONDS = 0.5
"""Between two looks at what is waited for: looking takes time from the process that is measured."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure, what it should be, and whether it is; no goal: both None."""

    name: str
    value: float
    unit: str
    goal: str | None = None
    met: bool | None = None


class OnTerminal:
    """A process on a pseudo terminal, read all the time by a thread, as a terminal emulator does.

    Attributes:
        begun: when it was started, on the clock of `time.monotonic`.
        painted: when it had written half a screen of text for the first time; None before.
        peak_bytes: the largest resident size, once it has ended.
    """

    def __init__(self, command: Sequence[str], environment: dict[str, str] | None = None) -> None:
        self.painted: float | None = None
        self.peak_bytes = 0
        self.begun = time.monotonic()
        self._wanted: bytes | None = None
        self._written = b""
        self._answered = threading.Event()
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
            os.execvpe(command[0], list(command), {**os.environ, "TERM": "xterm-256color", **(environment or {})})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def answer(self, keys: bytes, wanted: bytes) -> float:
        """Type keys; the seconds until it has written `wanted`."""
        self._answered.clear()
        self._written, self._wanted = b"", wanted
        begun = time.monotonic()
        self.type(keys)
        if not self._answered.wait(PATIENCE):
            raise TimeoutError(f"{keys!r} was not answered")
        return time.monotonic() - begun

    def wait_until(self, found: Callable[[], bool]) -> None:
        """Wait until something is so; a process that is hung is killed."""
        end = time.monotonic() + PATIENCE
        while not found():
            if time.monotonic() > end:
                os.kill(self._pid, signal.SIGKILL)
                raise TimeoutError("the process did not do what was waited for")
            time.sleep(LOOK_SECONDS)

    def hold(self) -> None:
        """Take it from the processors until `go`."""
        os.kill(self._pid, signal.SIGSTOP)

    def go(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def end(self, keys: bytes) -> None:
        """Type `keys`, which quit the process, and wait for its end."""
        self.type(keys)
        _, _, usage = os.wait4(self._pid, 0)
        self.peak_bytes = usage.ru_maxrss * 1024
        self._reader.join()
        os.close(self._terminal)

    def _read(self) -> None:
        text = b""
        while True:
            try:
                block = os.read(self._terminal, 65536)
            except OSError:
                return
            if not block:
                return
            if self._wanted is not None:
                self._written += block
                if self._wanted in self._written:
                    self._wanted = None
                    self._answered.set()
            if self.painted is None:
                text += block
                if len(ESCAPES.sub(b"", text)) > SIZE[0] * SIZE[1] / 2:
                    self.painted = time.monotonic()


def lines_of(file: Path) -> list[str]:
    """The whole lines of a file that another process is writing; none where it is not there yet."""
    try:
        return file.read_text(encoding="utf-8").split("\n")[:-1]
    except FileNotFoundError:
        return []
