"""What a run is called beside others: its name, and where another has the same one, when it began and its letters."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.runs.store import RunSummary

LETTERS = 8
"""At most so many characters of the end of a folder's name: finetui makes four, a person may have renamed it."""


def tails(runs: Sequence[RunSummary]) -> dict[Path, str]:
    """Folder -> what tells a run from its namesakes: `22 Nov 02:31 kqzv`; empty where it has none."""
    count = Counter(run.name for run in runs)
    return {run.path: _tail(run) if count[run.name] > 1 else "" for run in runs}


def _tail(run: RunSummary) -> str:
    began = time.strftime("%d %b %H:%M", time.localtime(run.started))
    return f"{began} {run.id.rpartition('-')[2][-LETTERS:]}"
