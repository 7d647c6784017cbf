"""Which method fits which task on which architecture: what `scripts/methods_table.py` tried, and wrote down.

fitting.json: model type -> Auto class -> method -> why not; a method that is not named there works.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from core.methods import kinds

FILE = Path(__file__).with_name("fitting.json")

Table = dict[str, dict[str, dict[str, str]]]


@cache
def table() -> Table:
    """What was tried: model type -> Auto class -> method that does not work -> reason."""
    found: Table = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def why_not(kind: str, model_type: str, auto_class: str) -> str:
    """Why a method does not work for a task on an architecture; empty where it does, or where nobody tried.

    On an architecture that was not tried for the task it is off where it worked on none that was: then the task is in
    its way.
    """
    tried = table()
    if auto_class in tried.get(model_type, {}):
        return tried[model_type][auto_class].get(kind, "")
    reasons = [cells[auto_class].get(kind, "") for cells in tried.values() if auto_class in cells]
    return reasons[0] if reasons and all(reasons) else ""


def off(model_type: str | None, auto_class: str) -> dict[str, str]:
    """The methods that do not fit, each with its reason."""
    found = {kind: why_not(kind, model_type or "", auto_class) for kind in kinds.ADAPTERS}
    return {kind: reason for kind, reason in found.items() if reason}
