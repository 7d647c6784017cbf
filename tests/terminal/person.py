"""A person at a terminal: types keys, and reads what stands on the screen."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

DOWN = "\x1b[B"
ASKS_FOR_FRAMES = "\x1b[?2026$p"
HAS_FRAMES = "\x1b[?2026;2$y"
FRAME_BEGINS, FRAME_ENDS = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: what stands between the two is seen at once, never half of it."""
PATIENCE = 300.0
"""Seconds after which what is waited for is taken not to come: libraries load slowly on a busy machine."""


class Person:
    """Starts a program on a pseudo terminal of its own, with an emulator that knows what the screen shows.

    What a program draws is changes: only an emulator can tell whether a text still stands there.
    """

    def __init__(self, command: list[str], cwd: Path, environment: dict[str, str], size: tuple[int, int]) -> None:
        columns, rows = size
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._whole = True
        self._tail = ""
        self._program = pexpect.spawn(
            command[0],
            command[1:],
            cwd=str(cwd),
            env={**environment, "TERM": "xterm-256color"},  # type: ignore[arg-type]
            dimensions=(rows, columns),
            encoding="utf-8",
            codec_errors="replace",
        )

    def type(self, keys: str) -> None:
        self._program.send(keys)

    @property
    def sees(self) -> str:
        """The screen as lines of text."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor, from 0."""
        return self._screen.cursor.x, self._screen.cursor.y

    def wait_until(self, holds: Callable[[], object], patience: float = PATIENCE) -> None:
        """Read the terminal until something holds; fail after `patience` seconds."""
        end = time.monotonic() + patience
        while not (self._whole and holds()):
            assert time.monotonic() < end, f"waited in vain; the screen is\n{self.sees}"
            assert self._read(), f"the program ended; the screen was\n{self.sees}"

    def wait_for(self, *texts: str, patience: float = PATIENCE) -> None:
        """Wait until all of this stands on the screen."""
        self.wait_until(lambda: all(text in self.sees for text in texts), patience)

    def wait_for_end(self) -> int | None:
        """The exit code, once the program has left; None if a signal ended it."""
        end = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < end, f"it does not leave; the screen is\n{self.sees}"
        self._program.wait()
        return self._program.exitstatus

    def field(self) -> str:
        """The field of the form that has the focus; empty where it is something else."""
        found = re.search(r"^ +» (\w+)", self.sees, re.MULTILINE)
        return found[1] if found else ""

    def go_on(self, key: str) -> None:
        """Press a key that leads to another field, and wait until it is there."""
        before = self.field()
        self.type(key)
        self.wait_until(lambda: self.field() not in ("", before))

    def go_down_to(self, field: str) -> None:
        """Press Down until this field of the section has the focus."""
        while self.field() != field:
            self.go_on(DOWN)

    def leave(self) -> None:
        """End the program, if it is there still: it would outlive its terminal."""
        if self._program.isalive():
            self._program.kill(signal.SIGKILL)
        self._program.close()

    def _read(self) -> bool:
        """Feed the emulator with what has come; False once the terminal is closed."""
        try:
            new = self._program.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self._stream.feed(new)
        if ASKS_FOR_FRAMES in new:
            self.type(HAS_FRAMES)
        seen = self._tail + new
        begin, end = seen.rfind(FRAME_BEGINS), seen.rfind(FRAME_ENDS)
        if begin != end:
            self._whole = end > begin
        self._tail = seen[1 - len(FRAME_BEGINS) :]
        return True
