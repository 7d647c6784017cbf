"""What a person asked for last is what they see: a reading that was overtaken shows nothing when it comes at last."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from core.runs.store import RunStore
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import completed
from tui.app import FinetuiApp
from tui.follow import RunFollower
from tui.screens.chart import ChartScreen


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


class Held:
    """A function that waits, in its thread, until it is let go."""

    def __init__(self, function: Any, holds: Any) -> None:
        self.begun, self.go_on, self.ended = threading.Event(), threading.Event(), threading.Event()
        self._function, self._holds = function, holds

    def __call__(self, *values: Any) -> Any:
        if not self._holds(*values):
            return self._function(*values)
        self.begun.set()
        assert self.go_on.wait(30)
        try:
            return self._function(*values)
        finally:
            self.ended.set()


async def test_the_run_that_was_asked_for_stays_when_the_newest_is_found_late(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = completed(runs, "first"), completed(runs, "second")
    folders = Held(RunStore.folders, lambda store: True)
    monkeypatch.setattr(RunStore, "folders", lambda store: folders(store))
    app = FinetuiApp(runs=runs)
    async with app.run_test() as pilot:
        await pilot.press("f4")
        await until(pilot, folders.begun.is_set)
        app.watch_run(first.path)
        await until_shown(pilot, "first", "train loss")
        folders.go_on.set()
        await until(pilot, folders.ended.is_set)
        for _ in range(10):
            await pilot.pause(0.05)
        assert "second" not in text(pilot)
        assert "first" in text(pilot)


async def test_a_chart_shows_the_runs_that_were_chosen_last(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = completed(runs, "first"), completed(runs, "second")
    replay = RunFollower.replay
    slow = Held(replay, lambda run, *report: run.path == first.path)
    monkeypatch.setattr(RunFollower, "replay", lambda run, *report: slow(run, *report))
    app = FinetuiApp(runs=runs)
    async with app.run_test() as pilot:
        await pilot.pause()
        app.open_chart(paths=[first.path])
        await until(pilot, slow.begun.is_set)
        screen = app.screen
        assert isinstance(screen, ChartScreen)
        screen._read([second.path])
        await until_shown(pilot, "second", " by step")
        slow.go_on.set()
        await until(pilot, slow.ended.is_set)
        for _ in range(10):
            await pilot.pause(0.05)
        assert "second" in text(pilot)
        assert "first" not in text(pilot)
