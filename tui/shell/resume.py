"""`finetui resume`: a run that was stopped, failed or crashed goes on in its own folder."""

from __future__ import annotations

from pathlib import Path

from core.runs import resume as resuming
from core.runs.store import RunStore
from tui.shell.screen import require_terminal
from tui.shell.streams import Streams
from tui.shell.train import train_in


def resume(run: str, runs: Path | None, json: bool) -> int:
    """Go on from the last checkpoint, with a bar, lines or JSON. Returns the exit code."""
    folder, loaded = resuming.open_run(RunStore.default(runs).find(run))
    return train_in(folder, loaded.config, Streams.take(), json, loaded, resume=True).code


def resume_on_screen(run: str, runs: Path | None) -> int:
    """Go on in this process, watched on the Monitor. Returns the exit code."""
    require_terminal("leave --tui out")
    from tui.launch import open_app

    path = RunStore.default(runs).find(run)
    resuming.open_run(path)
    return open_app(runs, resume=path)
