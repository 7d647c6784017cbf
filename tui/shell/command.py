"""How finetui is called from the shell that it was started from."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path


def command() -> str:
    """The word `finetui` where the shell finds it, else the path that it was started by."""
    started = Path(sys.argv[0])
    found = shutil.which("finetui")
    if started.name != "finetui" or (found is not None and Path(found).resolve() == started.resolve()):
        return "finetui"
    return os.path.relpath(started)


def as_argument(fields: Sequence[str]) -> str:
    """The texts that a model is asked with, as one writes them in a shell: TEXT, or several with a tab between."""
    names = [field.upper().replace(" ", "_") for field in fields]
    return "TEXT" if len(names) < 2 else "$'" + r"\t".join(names) + "'"
