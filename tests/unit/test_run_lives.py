"""What a run adds up to over several lives, and where its figures are taken from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import events
from core.runs.store import FURTHER, summarize
from tests.pilot.recorded import BEGAN, GIB, RecordedRun
from tui.follow import RunFollower
from tui.run_words import message, progress
from tui.shell.show import show
from tui.shell.wording import figures


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    """Stopped at step 19 of 100 without a final evaluation; its last progress was said at step 18."""
    run = RecordedRun(tmp_path / "runs", total=100, alive=False)
    run.begin()
    run.train(10)
    run.evaluate(loss=0.6, accuracy=0.7)
    run.train(8)
    read(run, 860 * 2**20)
    run.step += 1
    run.finish("stopped")
    return run


def read(run: RecordedRun, peak: int) -> None:
    run.folder.emit(
        events.HardwareRead(
            cpu_percent=1, memory_used=GIB, memory_total=GIB, process_memory=peak // 2, process_memory_peak=peak,
            disk_free=GIB, **run.at,
        )
    )  # fmt: skip


def resume(run: RecordedRun, step: int) -> None:
    run.step += 1000  # hours pass
    started = events.RunStarted(
        t=run.now, run=str(run.path), name="n", task="t", model="m", method="full", engine="trainer", resumed_from=step
    )
    run.folder.emit(started)
    run.step = step


def follow(run: RecordedRun) -> RunFollower:
    follower = RunFollower(run.path)
    follower.replay()
    return follower


def shown(run: RecordedRun, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    show(str(run.path), None, json=True)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_stopped_run_has_the_scores_of_its_last_evaluation_everywhere(
    run: RecordedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = {"eval_loss": 0.6, "eval_accuracy": 0.7}
    assert summarize(run.path).metrics == scores
    assert shown(run, capsys)["metrics"] == scores
    ending = message(follow(run)).plain
    assert "accuracy 0.7000" in ending
    assert "this run at step 10, 2 min 31 s" in ending


def test_time_and_peaks_are_those_of_all_lives(run: RecordedRun, capsys: pytest.CaptureFixture[str]) -> None:
    resume(run, 10)
    run.train(20)
    read(run, 812 * 2**20)
    last = run.now
    run.folder.emit(events.RunFinished(t=last, step=30, reason="stopped", run="", metrics={}, seconds=49))
    data = shown(run, capsys)
    assert data["seconds"] == 151 + 49
    assert data["process_memory_peak"] == 860 * 2**20
    follower = follow(run)
    assert "3 min 20 s" in message(follower).plain
    assert follower.curves["process_memory"].total.high >= 860 * 2**20


def test_what_a_resumed_run_took_back_is_no_score_of_it(run: RecordedRun) -> None:
    resume(run, 5)
    assert summarize(run.path).metrics == {}
    assert follow(run).state.evaluations == []


def test_a_resumed_run_says_that_it_starts_and_not_how_it_ended(run: RecordedRun) -> None:
    run.folder.take()
    resume(run, 10)
    follower = follow(run)
    assert follower.status == "running"
    assert progress(follower).label.startswith("starting")
    assert message(follower).plain == ""


def test_the_steps_of_a_stopped_run_are_those_that_it_saved(run: RecordedRun) -> None:
    assert summarize(run.path).step == 19
    assert progress(follow(run)).done == 19


def test_without_a_model_nobody_is_offered_to_talk_to_it(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path / "runs", alive=False)
    run.begin()
    run.folder.emit(events.RunFinished(t=BEGAN + 40, reason="stopped", run="", metrics={}, seconds=40))
    follower = follow(run)
    assert "c talks" not in message(follower).plain
    assert "it took 40 s" in message(follower).plain
    assert not follower.state.has_model


def test_the_last_evaluation_may_stand_far_before_the_end(run: RecordedRun) -> None:
    resume(run, 19)
    while run.folder.events_size() < FURTHER // 8:
        run.train(100)
    assert summarize(run.path).metrics == {"eval_loss": 0.6, "eval_accuracy": 0.7}


def test_a_new_learning_rate_is_shown_before_it_is_logged(run: RecordedRun) -> None:
    resume(run, 10)
    run.train(5)
    command = {"command": "set_learning_rate", "value": 1e-3}
    run.folder.emit(events.CommandTaken(command=command, before=1.7e-4, after=1e-3, **run.at))
    follower = follow(run)
    assert follower.state.rate == 1e-3
    assert follower.curves["learning_rate"].latest == 1e-3
    assert follower.state.log[-1][2] == "lr 0.00017 → 0.001; the schedule goes on from there"
    run.train(1)
    assert follow(run).state.rate == pytest.approx(2e-4 * (1 - 16 / 100))


def test_one_of_many_batches_is_plural_and_has_no_rate_yet() -> None:
    first = events.Progress(t=1.0, phase="evaluating", done=1, total=51, unit="batch")
    assert figures(first, None) == "  1 %  1/51 batches"
