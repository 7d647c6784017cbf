"""The commands that open the app."""

from __future__ import annotations

from pathlib import Path

from core.errors import FinetuiError
from tui.shell.streams import has_terminal


def open_screen(runs: Path | None) -> int:
    """`finetui`: the app on the runs. Returns the exit code."""
    require_terminal("finetui --help lists what works without one")
    from tui.launch import open_app

    return open_app(runs)


def train_on_screen(file: Path, settings: list[str], runs: Path | None) -> int:
    """`finetui train --tui`: the Monitor on a run that this process trains. Returns the exit code."""
    require_terminal("leave --tui out")
    from tui.launch import open_app
    from tui.shell import named_config

    config = named_config.load(file, settings).config
    return open_app(runs, start=config)


def require_terminal(hint: str) -> None:
    """Make sure that a screen can be opened.

    Raises:
        FinetuiError: nobody can type here, or nobody sees what is drawn.
    """
    if not has_terminal():
        raise FinetuiError("the app needs a terminal", "stdin or stdout is none, or TERM is unset or dumb", hint)
