"""Several runs in one chart."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.pilot.charting import fixed_names, opened, plotted, watching, zoom
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import RecordedRun, completed, trained
from tui.app import FinetuiApp
from tui.widgets.chart import Chart

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def same_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


async def test_marked_runs_are_compared_and_told_apart_without_colour(runs: Path) -> None:
    trained(runs, "one")
    other = trained(runs, "two")
    config = other.path / "config.yaml"
    config.write_text(config.read_text().replace("learning_rate: 5e-05", "learning_rate: 0.0001"))
    trained(runs, "three")
    async with FinetuiApp(runs=runs).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "one", "two", "three")
        assert "compare" not in text(pilot).splitlines()[-1]
        names = [run.name for run in pilot.app.screen._table._shown]
        await pilot.press(*["down"] * names.index("one"), "space", *["up"] * 3, *["down"] * names.index("two"), "C")
        await until_shown(pilot, "train loss  2 runs", "A ", " one 0.", "B ", " two 0.", "training.learning_rate")
        await until_shown(pilot, "A 5e-05   B 0.0001")
        assert "B" in plotted(pilot)
        styles = [line.style for line in pilot.app.screen.query_one(Chart).figure.lines]
        assert len(set(styles)) == 2
        await pilot.press("d")
        await until(pilot, lambda: "training.learning_rate" not in text(pilot))
        await pilot.press("c")
        await until_shown(pilot, "Compare with", "three", "two")
        await pilot.press("enter")
        await until_shown(pilot, "train loss  2 runs")
        await pilot.press("escape")
        await until_shown(pilot, "three")


async def test_a_run_is_laid_over_another_and_taken_away(runs: Path) -> None:
    first, _ = trained(runs, "first"), trained(runs, "second")
    async with watching(first) as pilot:
        await zoom(pilot)
        await pilot.press("c")
        await until_shown(pilot, "Compare with", "second")
        await pilot.press("space", "enter")
        await until_shown(pilot, "2 runs", "the configs are equal")
        await pilot.press("c")
        await until_shown(pilot, "Compare with")
        await pilot.press("space", "enter")
        await until_shown(pilot, "loss  first", "◆ eval loss")


async def test_compared_runs_are_smoothed_until_asked_otherwise(runs: Path) -> None:
    first, _ = trained(runs, "first"), trained(runs, "second")
    async with watching(first) as pilot:
        await zoom(pilot)
        assert "smoothed" not in text(pilot)
        await pilot.press("c")
        await until_shown(pilot, "Compare with", "second")
        await pilot.press("space", "enter")
        await until_shown(pilot, "2 runs", "smoothed over 5 %")
        await pilot.press("minus", "minus", "minus")
        await until(pilot, lambda: "smoothed" not in text(pilot))
        await pilot.press("c")
        await until_shown(pilot, "Compare with")
        await pilot.press("enter")
        await until_shown(pilot, "2 runs")
        assert "smoothed" not in text(pilot)


async def test_marked_runs_are_told_apart_without_colour_in_the_dialog(runs: Path) -> None:
    first = trained(runs, "first")
    trained(runs, "second")
    trained(runs, "third")
    async with watching(first) as pilot:
        await zoom(pilot)
        await pilot.press("c")
        await until_shown(pilot, "Compare with", "second", "third")
        assert "X" not in text(pilot)
        await pilot.press("space")
        await until_shown(pilot, "▐X▌")
        assert text(pilot).count("▐X▌") == 1
        assert text(pilot).count("▐ ▌") == 1


@SIZES
def test_compared(snap_compare: Any, runs: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(("aaaa", "bbbb"))  # the colours come from the folders' names
    monkeypatch.setattr("tests.pilot.recorded.RunFolder.create", fixed_names(names))
    first, second = completed(runs, "first"), RecordedRun(runs, "second", alive=False)
    second.begin()
    second.train(400, [0.8 * math.exp(-at / 150) + 0.03 * math.sin(at * 1.3) for at in range(400)])
    config = second.path / "config.yaml"
    config.write_text(config.read_text().replace("learning_rate: 5e-05", "learning_rate: 0.0001"))

    async def run(pilot: Pilot[None]) -> None:
        await zoom(pilot)
        await pilot.press("c")
        await until_shown(pilot, "Compare with", "second")
        await pilot.press("space", "enter")
        await until_shown(pilot, "2 runs", "0.0001")

    assert snap_compare(opened(first), terminal_size=size, run_before=run)
