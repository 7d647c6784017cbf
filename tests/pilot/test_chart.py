"""The chart: what is drawn of a run, and what is said beside it."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.events import HardwareRead, StepLogged
from tests.pilot.charting import eventful, opened, plotted, watching, zoom
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import GIB, RecordedRun, trained
from tui.screens.chart import ChartScreen
from tui.screens.monitor import MonitorScreen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def same_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


async def test_enter_zooms_the_loss_with_its_evaluations_and_escape_goes_back(runs: Path) -> None:
    async with watching(eventful(runs)) as pilot:
        await zoom(pilot)
        await until_shown(pilot, "loss  mrpc-tiny", "train loss 0.", "◆ eval loss 0.6600", "12 NaN")
        assert plotted(pilot).count("◆") == 10
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MonitorScreen)


async def test_what_happened_stands_on_the_axis(runs: Path) -> None:
    async with watching(eventful(runs)) as pilot:
        await zoom(pilot)
        await until_shown(pilot, "* evaluated, saved", "r learning rate", "! command")
        axis = next(line for line in text(pilot).splitlines() if "└" in line)
        assert (axis.count("*"), axis.count("r"), axis.count("!")) == (8, 1, 1), "two lie under r and !"


async def test_nan_is_a_gap_with_a_count_and_a_spike_is_there(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    run.train(5000, [1.0] * 1000 + [9.0] + [1.0] * 999 + [math.nan] * 1000 + [1.0] * 2000)
    async with watching(run) as pilot:
        await zoom(pilot)
        await until_shown(pilot, "1,000 NaN")
        *rows, last = plotted(pilot).splitlines()
        assert rows[0].strip(" │┤"), "the spike reaches the highest row"
        middle = (last.index("x") + last.rindex("x")) // 2
        assert last[middle] == "x"
        assert all(row[middle : middle + 1].strip() == "" for row in rows), "nothing is drawn through the gap"


async def test_log_scale_leaves_out_what_is_not_above_zero(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    run.train(6, [100.0, 10.0, 0.0, -1.0, 1.0, 0.1])
    async with watching(run) as pilot:
        await zoom(pilot)
        assert "not above 0" not in text(pilot)
        await pilot.press("l")
        await until_shown(pilot, "log scale", "2 not above 0", "100┤", "0.1┤", "x")
        await pilot.press("l")
        await until(pilot, lambda: "log scale" not in text(pilot))


async def test_axis_goes_by_step_epoch_time_and_round(runs: Path) -> None:
    async with watching(trained(runs)) as pilot:
        await zoom(pilot)
        for shown in ("by epoch", "by time", "by step"):
            await pilot.press("a")
            await until_shown(pilot, shown)
            if shown == "by time":
                await until_shown(pilot, "40 s")


async def test_axis_by_tokens_where_the_run_counts_them(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    for step in range(1, 21):
        run.step = step
        run.folder.emit(StepLogged(metrics={"loss": 1 / step, "num_input_tokens_seen": 5000.0 * step}, **run.at))
    async with watching(run) as pilot:
        await zoom(pilot)
        await pilot.press("a", "a", "a")
        await until_shown(pilot, "by tokens", "40k")
        await pilot.press("left")
        await until_shown(pilot, "tokens 100,", "0.0500")


async def test_smoothing_lays_a_calm_line_over_what_was_measured(runs: Path) -> None:
    async with watching(eventful(runs)) as pilot:
        await zoom(pilot)
        before = plotted(pilot)
        await pilot.press("plus", "plus", "plus")
        await until_shown(pilot, "smoothed over 5 %")
        rows = plotted(pilot).splitlines()
        assert any(0x2800 < ord(char) < 0x2900 for char in rows[0]), "the spike is still drawn"
        await pilot.press("minus", "minus", "minus", "minus")
        await until(pilot, lambda: "smoothed" not in text(pilot))
        assert plotted(pilot) == before


async def test_the_chart_goes_on_while_the_run_trains(runs: Path) -> None:
    run = RecordedRun(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "○ waiting")
        await pilot.press("enter")
        await until_shown(pilot, "nothing was logged yet")
        run.begin()
        run.train(1, [0.5])
        await until_shown(pilot, "train loss 0.5000")
        assert plotted(pilot).strip(), "one point is drawn"
        run.train(9)
        run.evaluate(loss=0.4321)
        await until_shown(pilot, "◆ eval loss 0.4321")


async def test_legend_names_no_mark_that_lies_under_another(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    run.train(50)
    run.take(command="save")
    run.evaluate(loss=0.5)
    run.train(50)
    async with watching(run) as pilot:
        await zoom(pilot)
        await until_shown(pilot, "! command")
        assert "*" not in text(pilot)


async def test_machine_chart_before_the_first_step_goes_by_time(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    for second in range(20):
        memory = GIB + second * 2**20
        run.folder.emit(
            HardwareRead(
                t=run.now + second, step=0, epoch=0.0, cpu_percent=97, memory_used=6 * GIB, memory_total=16 * GIB,
                process_memory=memory, disk_free=41 * GIB,
            )
        )  # fmt: skip
    async with watching(run) as pilot:
        await until_shown(pilot, "memory")
        await pilot.press("enter")
        await until_shown(pilot, "by time")
        columns = {line.index(char) for line in plotted(pilot).splitlines() for char in line if "⠀" < char <= "⣿"}
        assert len(columns) > 10


@pytest.mark.parametrize("size", [(30, 8), (20, 5), (200, 50)])
async def test_any_size_is_drawn(runs: Path, size: tuple[int, int]) -> None:
    async with watching(eventful(runs)) as pilot:
        await zoom(pilot)
        await pilot.press("left")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert isinstance(pilot.app.screen, ChartScreen)


@SIZES
def test_eventful(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    assert snap_compare(opened(eventful(runs)), terminal_size=size, run_before=_charted())


@SIZES
def test_smoothed_log_with_cursor(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    keys = ("plus", "plus", "l", "a", "shift+left", "shift+left")
    assert snap_compare(opened(eventful(runs)), terminal_size=size, run_before=_charted(*keys))


def _charted(*keys: str) -> Any:
    async def run(pilot: Pilot[None]) -> None:
        await zoom(pilot)
        await pilot.press(*keys)
        await pilot.pause()

    return run
