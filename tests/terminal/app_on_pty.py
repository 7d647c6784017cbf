"""A terminal of our own with the app on it, as a terminal emulator or sshd would have it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ESCAPES = re.compile(r"\x1b(\[[0-9;?<>=$]*[a-zA-Z~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])")
PATIENCE = 60.0


class AppOnPty:
    """Starts `run_app.py` in a session of its own, on a new pseudo terminal, and reads what it draws.

    Args:
        arguments: for `run_app.py`.
        log: the folder that the app's own log is in.
        ignore_hang_up: start it as nohup does.
    """

    def __init__(self, *arguments: str, log: Path, ignore_hang_up: bool = False) -> None:
        self.master, slave = pty.openpty()
        self.resize(24, 80)
        self.drawn = ""
        environment = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": str(log), "PYTHONPATH": str(ROOT)}
        environment.pop("TEXTUAL_FPS", None)
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "run_app.py"), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: _take_terminal(ignore_hang_up),
        )
        os.close(slave)

    def resize(self, rows: int, columns: int) -> None:
        """What a terminal emulator does when its window changes; the kernel then sends SIGWINCH."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def text(self) -> str:
        """All that was drawn so far, without colours and cursor movements."""
        return ESCAPES.sub("", self.drawn)

    def wait_for(self, found: Callable[[], bool]) -> None:
        """Read the terminal until something is so."""
        end = time.monotonic() + PATIENCE
        while not found():
            assert time.monotonic() < end, f"it did not happen; last drawn: {self.text()[-2000:]!r}"
            if self.master >= 0 and select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.drawn += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    time.sleep(0.05)  # the other end is closed
            elif self.master < 0:
                time.sleep(0.05)

    def wait_for_text(self, text: str) -> None:
        self.wait_for(lambda: text in self.text())

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does."""
        os.close(self.master)
        self.master = -1

    def wait(self) -> int:
        """The exit code, once the process has ended."""
        self.wait_for(lambda: self.process.poll() is not None)
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.master >= 0:
            os.close(self.master)


def _take_terminal(ignore_hang_up: bool) -> None:
    """In the child: the terminal hangs up on the leader of the session that it belongs to."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if ignore_hang_up:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def the_run(runs: Path) -> Path:
    """The only run there is."""
    (run,) = runs.iterdir()
    return run
