"""Where the app and the shell keep what nobody needs to read unless something went wrong."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_log_path


def log_file() -> Path:
    """The log of defects and of what libraries print while no run trains. Its folder is there; else /dev/null."""
    try:
        return user_log_path("finetui", ensure_exists=True) / "finetui.log"
    except OSError:
        return Path(os.devnull)
