"""What was opened lately, kept from one start to the next."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import platformdirs

MOST = 12


def load() -> list[str]:
    """The references, newest first; none where the file is not there or not readable."""
    try:
        data = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [item for item in data if isinstance(item, str)] if isinstance(data, list) else []


def add(ref: str) -> list[str]:
    """Put a reference first and keep the list; without a place to write, for this start alone."""
    refs = [ref, *(other for other in load() if other != ref)][:MOST]
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(json.dumps(refs), encoding="utf-8")
    return refs


def _file() -> Path:
    return platformdirs.user_state_path("finetui") / "datasets.json"
