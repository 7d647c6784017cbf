"""The shell's own stdout and stderr, out of reach of what libraries print."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from dataclasses import dataclass
from typing import TextIO

from tui.fold import folded


@dataclass(frozen=True, slots=True)
class Streams:
    """Duplicates of fds 1 and 2. While a run lives, fds 1 and 2 themselves lead to its output.log."""

    out: TextIO
    err: TextIO

    @classmethod
    def take(cls) -> Streams:
        """Duplicate fds 1 and 2 as they are now."""
        return cls(_duplicate(sys.stdout, 1), _duplicate(sys.stderr, 2))

    def say(self, text: str) -> None:
        """One line for a person, on stderr."""
        with contextlib.suppress(OSError):
            print(folded(text, self.err), file=self.err, flush=True)

    def drop_terminal(self) -> None:
        """The terminal is gone: what would be written to it goes nowhere, and fails no more. Files are kept."""
        for descriptor in (0, self.out.fileno(), self.err.fileno()):
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                _point_nowhere(descriptor)

    def drop_out(self) -> None:
        """Nobody reads stdout any more (`| head`)."""
        _point_nowhere(self.out.fileno())


def has_terminal() -> bool:
    """Whether a screen can be opened: a person types here and sees what is written."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def _duplicate(stream: TextIO, descriptor: int) -> TextIO:
    stream.flush()
    return os.fdopen(os.dup(descriptor), "w", encoding="utf-8", errors="replace")


def _point_nowhere(descriptor: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, descriptor)
    os.close(null)
