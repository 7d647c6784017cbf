"""`finetui attach`: the Monitor on a run, or where there is no screen, lines until it ends."""

from __future__ import annotations

from pathlib import Path

from core.runs import owner
from core.runs.state import RunState
from core.runs.store import RunStore
from tui.launch import open_app
from tui.shell.errors import INTERRUPTED
from tui.shell.follow import follow
from tui.shell.streams import Streams, has_terminal
from tui.shell.summary import print_metrics
from tui.shell.train import conclude, display_for


def attach(run: str | None, runs: Path | None) -> int:
    """Watch a run, the newest where none is named. Ends with the run's own exit code."""
    store = RunStore.default(runs)
    path = store.find(run)
    if has_terminal():
        return open_app(store.root, open_run=path)
    streams = Streams.take()
    try:
        state = follow(path, display_for(streams, json=False), lambda: _alive(path), until=_over)
    except KeyboardInterrupt:
        return INTERRUPTED
    if state.finished is not None:
        print_metrics(streams.out, state.finished.metrics, state.baselines)
    return conclude(state.finished or state.failed, path, streams)


def _over(state: RunState) -> bool:
    return state.finished is not None or state.failed is not None


def _alive(path: Path) -> bool:
    trainer = owner.read(path)
    return trainer is not None and trainer.alive
