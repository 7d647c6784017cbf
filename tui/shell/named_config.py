"""A config file that a person names on the command line."""

from __future__ import annotations

from pathlib import Path

from core import config_file, user_code
from core.config_file import LoadedConfig


def load(file: Path, settings: list[str]) -> LoadedConfig:
    """The config, with settings laid over it. Whoever names it lets the functions run that it names, unless a run wrote
    the file.

    Raises:
        FinetuiError: unreadable, unknown key, wrong value, no such function's file.
    """
    loaded = config_file.load(file, settings)
    user_code.allow_named(loaded.config, file)
    return loaded
