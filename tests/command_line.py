"""The command line as a person has it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LIMIT = 300
"""Seconds after which a command counts as hung."""


def environment(home: Path) -> dict[str, str]:
    """The environment of a command whose runs, logs and caches lie under `home`."""
    places = {"FINETUI_RUNS": "runs", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache", "HF_HOME": "hf"}
    return {**os.environ, **{name: str(home / folder) for name, folder in places.items()}, "HF_HUB_OFFLINE": "1"}


def finetui(home: Path, *arguments: str, limit: float = LIMIT) -> subprocess.CompletedProcess[str]:
    """Run `finetui ...` without a terminal and wait for its end."""
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit,
    )


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Begin `finetui ...` without a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "tui", *arguments],
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
