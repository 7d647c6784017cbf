"""Which theme the app has: the one that was chosen last, else the one that fits the terminal."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import platformdirs
from textual.theme import Theme

from tui.theme import THEMES, fitting


def load() -> Theme:
    """The theme to start with."""
    try:
        return THEMES[_file().read_text(encoding="utf-8").strip()]
    except (OSError, ValueError, KeyError):
        return fitting(os.environ)


def remember(word: str) -> None:
    """Start with this theme from now on; without a place to write, nothing is remembered."""
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().write_text(f"{word}\n", encoding="utf-8")


def _file() -> Path:
    return platformdirs.user_state_path("finetui") / "theme"
