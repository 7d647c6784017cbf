"""The list of runs, and what stands there while there are none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.pilot.driving import text, until, until_shown
from tests.pilot.fake_training import FakeInstantEngine
from tests.pilot.recorded import BEGAN, RecordedRun, completed, trained
from tui.app import FinetuiApp
from tui.screens.runs import RunsScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Four runs, the newest first: paused, failed, crashed, completed."""
    runs = tmp_path / "runs"
    done = completed(runs)
    crashed = trained(runs, "cities", alive=False)
    failed = RecordedRun(runs, "sst2-lora")
    failed.begin()
    failed.fail("out of memory", "here", "do this")
    paused = trained(runs, "sums")
    paused.progress(paused=True)
    for age, run in enumerate((paused, failed, crashed, done)):
        os.utime(run.path / "events.jsonl", (2e9 - age, 2e9 - age))  # all began at one moment
    return runs


@pytest.fixture
def under_way(tmp_path: Path) -> list[RecordedRun]:
    """Two runs under way, and one that ended; the newest first."""
    runs = tmp_path / "runs"
    oldest = completed(runs)
    return [trained(runs, "second", began=BEGAN + 120), trained(runs, "first", began=BEGAN + 60), oldest]


async def test_newcomer_is_told_what_to_press(tmp_path: Path) -> None:
    async with FinetuiApp(runs=tmp_path / "runs").run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "No runs yet", "start the demo", "F2", "open data", "F1")
        assert "Enter open" not in text(pilot), "there is nothing to open"


async def test_the_name_of_a_figure_is_cut_before_its_digits(tmp_path: Path) -> None:
    run = trained(tmp_path, "bert-tiny-uncased-on-words-of-the-web", alive=False)
    run.finish(accuracy_at_1=0.5803)
    async with FinetuiApp(runs=tmp_path).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "accurac… 0.5803", "bert-tiny…f-the-web")


async def test_runs_are_listed_newest_first_with_how_they_stand(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "completed")
        lines = [line.split() for line in text(pilot).splitlines()[3:7]]
        assert [line[:3] for line in lines] == [
            ["‖", "paused", "sums"],
            ["✗", "failed", "sst2-lora"],
            ["✗", "crashed", "cities"],
            ["✓", "completed", "mrpc-tiny"],
        ]
        assert lines[3][3:6] == ["500/500", "accuracy", "0.7426"]


async def test_enter_opens_the_run_in_the_monitor(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "completed")
        await pilot.press("j", "down", "j", "enter")
        await until_shown(pilot, "✓ completed  mrpc-tiny", "train loss")


async def test_new_run_appears_by_itself_and_the_cursor_stays(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "completed")
        await pilot.press("down", "down")
        chosen = pilot.app.screen._chosen.name
        trained(runs, "fresh")
        await until_shown(pilot, "fresh")
        assert pilot.app.screen._chosen.name == chosen == "cities"


async def test_runs_under_way_keep_their_places(under_way: list[RecordedRun]) -> None:
    async with FinetuiApp(runs=under_way[0].path.parent).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "completed")
        for moved, run in enumerate(reversed(under_way[:2]), 1):
            run.train(1)
            await until(pilot, lambda moved=moved: text(pilot).count("201/500") == moved)
            lines = [line.split()[2] for line in text(pilot).splitlines()[3:6]]
            assert lines == ["second", "first", "mrpc-tiny"]


async def test_from_the_monitor_the_cursor_is_on_the_run_that_it_shows(under_way: list[RecordedRun]) -> None:
    first = under_way[1]
    async with FinetuiApp(runs=first.path.parent, open_run=first.path).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "running  first")
        await pilot.press("f6")
        await until(pilot, lambda: pilot.app.screen._chosen is not None and pilot.app.screen._chosen.name == "first")
        await pilot.press("up", "enter")
        await until_shown(pilot, "running  second")
        third = trained(first.path.parent, "third", began=BEGAN + 180)
        pilot.app.watch_run(third.path)
        await until_shown(pilot, "running  third")
        await pilot.press("f6")
        await until(pilot, lambda: pilot.app.screen._chosen is not None and pilot.app.screen._chosen.name == "third")


async def test_delete_asks_first_and_removes_the_folder(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "completed")
        await pilot.press("down", "D")
        await until_shown(pilot, "Delete sst2-lora?")
        await pilot.press("enter")
        await pilot.press("delete")
        await until_shown(pilot, "Delete sst2-lora?")
        await pilot.press("left", "enter")
        await until(pilot, lambda: "sst2-lora" not in text(pilot))
        assert len(list(runs.iterdir())) == 3


async def test_run_that_broke_off_goes_on_in_its_folder(tmp_path: Path) -> None:
    run = trained(tmp_path / "runs", alive=False)
    engine = FakeInstantEngine()
    async with FinetuiApp(runs=tmp_path / "runs", train=engine).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "crashed", "u resume")
        await pilot.press("u")
        await until_shown(pilot, "✓ completed  mrpc-tiny", "resumed from step 10")
        assert engine.resumed == [run.path.name]
        assert len(list((tmp_path / "runs").iterdir())) == 1


async def test_monitor_goes_on_with_the_run_that_it_shows(tmp_path: Path) -> None:
    run = trained(tmp_path / "runs", alive=False)
    run.finish("stopped")
    engine = FakeInstantEngine()
    async with FinetuiApp(runs=tmp_path / "runs", open_run=run.path, train=engine).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "stopped  mrpc-tiny", "u resume")
        await pilot.press("u")
        await until_shown(pilot, "✓ completed  mrpc-tiny", "resumed from step 10")
        assert engine.resumed == [run.path.name]


async def test_run_without_a_checkpoint_or_at_its_end_does_not_go_on(runs: Path) -> None:
    engine = FakeInstantEngine()
    async with FinetuiApp(runs=runs, train=engine).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "completed")
        await pilot.press("u")  # paused: it lives
        await pilot.press("down")
        await until_shown(pilot, "u resume")
        await pilot.press("u")  # failed before its first checkpoint
        await until_shown(pilot, "there is no checkpoint to resume from")
        await pilot.press("escape", "down", "down", "u")  # completed
        await pilot.pause()
        assert "u resume" not in text(pilot)
        assert engine.resumed == []
        assert len(list(runs.iterdir())) == 4


async def test_run_whose_checkpoints_have_no_optimizer_does_not_go_on(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path / "runs", alive=False)
    run.begin()
    run.train(10)
    run.save("model.safetensors")  # `save_only_model`
    engine = FakeInstantEngine()
    async with FinetuiApp(runs=tmp_path / "runs", train=engine).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "crashed", "u resume")
        await pilot.press("u")
        await until_shown(pilot, "checkpoint-10 has no optimizer to go on with", "training.save_only_model: true")
        await until_shown(pilot, "start a new run from its weights")
        await pilot.press("escape", "enter")
        await until_shown(pilot, "✗ crashed  mrpc-tiny")
        assert "u resume" not in text(pilot)
        assert engine.resumed == []


async def test_run_that_trains_is_not_deleted(runs: Path) -> None:
    async with FinetuiApp(runs=runs).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "completed")
        await pilot.press("D", "left", "enter")
        await until_shown(pilot, "still trains", "stop it first")
        assert len(list(runs.iterdir())) == 4


async def test_after_the_last_run_is_deleted_the_welcome_is_back(tmp_path: Path) -> None:
    completed(tmp_path / "runs")
    async with FinetuiApp(runs=tmp_path / "runs").run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "completed")
        await pilot.press("D", "left", "enter")
        await until_shown(pilot, "No runs yet")


async def test_name_of_a_run_is_no_markup(tmp_path: Path) -> None:
    run = trained(tmp_path / "runs", alive=False)
    events = run.path / "events.jsonl"
    events.write_text(events.read_text().replace('"name": "mrpc-tiny"', '"name": "[b]bold[/b]"'))
    async with FinetuiApp(runs=tmp_path / "runs").run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "[b]bold[/b]")


async def test_damaged_folder_does_not_hide_the_others(runs: Path) -> None:
    broken = runs / "broken"
    broken.mkdir()
    (broken / "events.jsonl").write_bytes(b"\xff\x00 no event\n")
    async with FinetuiApp(runs=runs).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "broken", "mrpc-tiny")


@SIZES
def test_welcome(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(FinetuiApp(runs=Path("/nowhere/runs")), terminal_size=size, run_before=_until("No runs yet"))


@SIZES
def test_list(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    assert snap_compare(FinetuiApp(runs=runs), terminal_size=size, run_before=_until("completed"))


def _until(shown: str) -> Any:
    async def run(pilot: Pilot[None]) -> None:
        await until_shown(pilot, shown)
        assert isinstance(pilot.app.screen, RunsScreen)

    return run
