"""What `finetui doctor` says of the terminal that it was started in."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
import termios
from pathlib import Path

from person import Person

from tests.command_line import environment
from tui.shell.doctor import _terminal_size


def test_doctor_says_how_large_the_terminal_is(tmp_path: Path) -> None:
    person = Person([sys.executable, "-m", "tui", "doctor"], tmp_path, environment(tmp_path), size=(120, 40))
    person.wait_for("missing", "folders", "size            120x40")
    person.leave()


def test_a_size_is_that_of_the_first_terminal_there_is() -> None:
    reads, writes = os.pipe()
    controller, terminal = os.openpty()
    try:
        assert _terminal_size(reads, writes) == "no terminal"
        assert _terminal_size(reads, terminal) == "a terminal that does not say"
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        assert _terminal_size(reads, terminal) == "80x24"
    finally:
        for descriptor in (reads, writes, controller, terminal):
            os.close(descriptor)
