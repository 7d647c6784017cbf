"""Which process trains a run, and whether it still does."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from core.runs import layout


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: `started` (unix seconds) tells it from a later one that got the same pid."""

    pid: int
    host: str
    started: float

    @classmethod
    def this_process(cls) -> Owner:
        """The owner that this process is."""
        return cls(os.getpid(), socket.gethostname(), psutil.Process().create_time())

    @property
    def alive(self) -> bool:
        """Whether the process runs. One on another host cannot be looked at and counts as running."""
        if self.host != socket.gethostname():
            return True
        try:
            started = float(psutil.Process(self.pid).create_time())
        except psutil.NoSuchProcess:
            return False
        return abs(started - self.started) < 1.0


def write(folder: Path) -> None:
    """Make this process the owner of the run."""
    (folder / layout.OWNER).write_text(json.dumps(asdict(Owner.this_process())) + "\n", encoding="utf-8")


def read(folder: Path) -> Owner | None:
    """The run's owner; None where nothing readable says."""
    try:
        data = json.loads((folder / layout.OWNER).read_text(encoding="utf-8"))
        return Owner(int(data["pid"]), str(data["host"]), float(data["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
