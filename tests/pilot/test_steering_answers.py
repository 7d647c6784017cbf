"""What the Monitor answers to the keys that steer a run, and what it keeps in sight meanwhile."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from core import commands, events
from core.config import RunConfig
from core.errors import FinetuiError
from core.runs.folder import RunFolder
from core.training import failures
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import RecordedRun, completed, trained
from tui import follow
from tui.app import FinetuiApp


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def watching(run: RecordedRun, size: tuple[int, int] = (80, 24)) -> Any:
    return FinetuiApp(runs=run.path.parent, open_run=run.path).run_test(size=size)


def evaluating(run: RecordedRun) -> None:
    run.phase("evaluating", "842 batches")
    run.folder.emit(
        events.Progress(t=run.now, phase="evaluating", done=197, total=842, unit="batch", rate=13.2, eta=49)
    )


async def test_training_stays_in_sight_while_it_is_evaluated(runs: Path) -> None:
    run = trained(runs)
    evaluating(run)
    async with watching(run) as pilot:
        await until_shown(pilot, "197/842 batches", "49 s left", "training 40 %")


async def test_key_during_an_evaluation_says_when_it_is_taken_and_then_what_came_of_it(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "ANSWER_SECONDS", 1.0)
    run = trained(runs)
    evaluating(run)
    async with watching(run) as pilot:
        await until_shown(pilot, "197/842")
        await pilot.press("s")
        await until_shown(pilot, "… asked to save: after the evaluation")
        run.take(command="save")
        await until_shown(pilot, "» took command save")
        await until(pilot, lambda: "»" not in text(pilot))


async def test_command_that_came_to_nothing_is_said(runs: Path) -> None:
    run = trained(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "40 %")
        await pilot.press("s")
        dropped = events.CommandDropped(t=run.now, command={"command": "save"}, reason="the run ended first")
        run.folder.emit(dropped)
        await until_shown(pilot, "» dropped command save: the run ended first")


async def test_pause_stays_a_pause_while_it_is_evaluated(runs: Path) -> None:
    run = trained(runs)
    run.progress(paused=True)
    run.phase("evaluating", "842 batches")
    paused = events.Progress(t=run.now, phase="evaluating", done=1, total=842, unit="batch", paused=True)
    async with watching(run) as pilot:
        await until_shown(pilot, "‖ paused", "evaluating")
        run.folder.emit(paused)
        await until_shown(pilot, "1/842", "‖ paused", "Space resume")


async def test_second_space_takes_back_a_pause_that_was_not_taken_yet(runs: Path) -> None:
    run = trained(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "40 %", "Space pause")
        await pilot.press("space")
        await until_shown(pilot, "… asked to pause: after this step", "Space resume")
        await pilot.press("space")
        await until_shown(pilot, "… asked to pause, resume: after this step", "Space pause")
        assert RunFolder(run.path).read_commands() == [commands.Pause(), commands.Resume()]
        run.take(command="pause")
        run.take(command="resume")
        await until_shown(pilot, "Space pause", "» took command resume")


async def test_time_of_day_of_the_end_stands_where_there_is_room(runs: Path) -> None:
    run = trained(runs)
    async with watching(run, (120, 40)) as pilot:
        await until_shown(pilot, "1 min 31 s left, until 10:15")


def starting(config: RunConfig, folder: RunFolder, resume: bool = False) -> events.RunFinished:
    """What the engine does while the libraries are imported: it says that it began, and waits for a Stop."""
    folder.take()
    started = events.RunStarted(
        t=time.time(), run=str(folder.path), name=config.title, task="t", model="m", method="full", engine="trainer"
    )
    folder.emit(started)
    while commands.Stop() not in folder.read_commands():
        time.sleep(0.02)
    finished = events.RunFinished(t=time.time(), reason="stopped", run=str(folder.path), metrics={}, seconds=12.0)
    folder.emit(finished)
    return finished


MAY_FAIL = threading.Event()


def refusing(config: RunConfig, folder: RunFolder, resume: bool = False) -> events.RunFailed:
    """What the engine does where the input is at fault."""
    starting_up = events.RunStarted(
        t=time.time(), run=str(folder.path), name=config.title, task="t", model="m", method="full", engine="trainer"
    )
    folder.emit(starting_up)
    assert MAY_FAIL.wait(60)
    failed = failures.describe(FinetuiError("there is no file x", "data.files", "name another"), folder)
    folder.emit(failed)
    return failed


def config() -> RunConfig:
    return RunConfig.model_validate({"name": "late", "model": {"id": "m"}, "data": {"files": {"train": "a.jsonl"}}})


async def test_run_can_be_stopped_while_it_starts_and_offers_no_model_then(runs: Path) -> None:
    async with FinetuiApp(runs=runs, start=config(), train=starting).run_test() as pilot:
        await until_shown(pilot, "late", "starting", "x stop")
        await pilot.press("x")
        await until_shown(pilot, "It has not begun to train")
        await pilot.press("left", "enter")
        await until_shown(pilot, "■ stopped", "it took 12 s")
        assert "c talks" not in text(pilot)
        assert "c chat" not in text(pilot)


async def test_f4_shows_the_run_that_trains_here_else_the_last_that_was_looked_at(runs: Path) -> None:
    other = completed(runs, name="other")
    async with FinetuiApp(runs=runs, start=config(), train=starting).run_test() as pilot:
        await until_shown(pilot, "late", "starting")
        pilot.app.watch_run(other.path)  # type: ignore[attr-defined]
        await until_shown(pilot, "✓ completed", "other")
        await pilot.press("f6", "f4")
        await until_shown(pilot, "late", "starting")
        await pilot.press("x", "left", "enter")
        await until_shown(pilot, "■ stopped")
        pilot.app.watch_run(other.path)  # type: ignore[attr-defined]
        await until_shown(pilot, "✓ completed")
        await pilot.press("f6", "f4")
        await until_shown(pilot, "✓ completed", "other")


async def test_refused_run_stands_as_failed_under_the_dialog(runs: Path) -> None:
    async with FinetuiApp(runs=runs, start=config(), train=refusing).run_test() as pilot:
        await until_shown(pilot, "late", "starting")
        MAY_FAIL.set()
        await until_shown(pilot, "there is no file x", "Close")
        assert "● running" not in text(pilot)
        await pilot.press("escape")
        await until_shown(pilot, "✗ failed")
