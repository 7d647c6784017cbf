"""The chart: zoomed from a card, read with a cursor, live, and several runs over one another."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.events import HardwareRead
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import GIB, RecordedRun, completed, trained
from tui.app import FinetuiApp
from tui.screens.chart import ChartScreen
from tui.screens.monitor import MonitorScreen
from tui.widgets.chart import Chart
from tui.widgets.metric_card import MetricCard

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def same_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def eventful(runs: Path) -> RecordedRun:
    """NaNs, a spike, a changed learning rate, a pause, ten evaluations with checkpoints."""
    run = RecordedRun(runs)
    run.begin()
    for part in range(1, 11):
        steps = range(run.step, run.step + 50)
        losses = [0.69 * math.exp(-at / 250) + 0.05 + 0.04 * math.sin(at * 1.7) * math.sin(at * 0.37) for at in steps]
        if part == 5:
            losses[20:32] = [math.nan] * 12
        if part == 8:
            losses[10] = 1.2
        run.train(50, losses)
        if part == 3:
            run.take(command="set_learning_rate", value=1e-4)
        if part == 6:
            run.take(command="pause")
        run.evaluate(loss=0.66 - 0.05 * part + 0.005 * part * part, accuracy=0.6 + 0.02 * part)
    return run


def watching(run: RecordedRun, size: tuple[int, int] = (80, 24)) -> Any:
    return FinetuiApp(runs=run.path.parent, open_run=run.path).run_test(size=size)


async def test_scores_are_laid_over_one_another(runs: Path) -> None:
    """Told apart by letters, and gone again with the next press or the next metric."""
    run = trained(runs)
    async with watching(run) as pilot:
        await zoom(pilot, "tab", "right", "right")
        await until_shown(pilot, "◆ accuracy 0.7400", "overlay")
        await pilot.press("o")
        await until_shown(pilot, "A ⠒⠒⠒ accuracy 0.7400", "B ", "f1 0.8200")
        run.train(1)
        run.evaluate(loss=0.4, accuracy=0.75, f1=0.83)
        await until_shown(pilot, "accuracy 0.7500", "f1 0.8300")
        await pilot.press("o")
        await until_shown(pilot, "◆ accuracy 0.7500")
        assert "f1 0.8300" not in text(pilot)
        await pilot.press("o", "n")
        await until_shown(pilot, "◆ f1 0.8300")
        assert "accuracy 0.7500" not in text(pilot)
        await pilot.press("n")
        await until_shown(pilot, "learning rate")
        assert "overlay" not in text(pilot), "there is nothing of its kind"


async def zoom(pilot: Pilot[None], *keys: str) -> Chart:
    """From the Monitor to the chart."""
    await until_shown(pilot, "train loss")
    await pilot.press(*keys, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ChartScreen) and " by step" in text(pilot))
    return pilot.app.screen.query_one(Chart)


def plotted(pilot: Pilot[None]) -> str:
    """The lines of the plot."""
    return "\n".join(line for line in text(pilot).splitlines() if "│" in line or "┤" in line)


async def test_enter_zooms_the_loss_with_its_evaluations_and_escape_goes_back(runs: Path) -> None:
    async with watching(eventful(runs)) as pilot:
        await zoom(pilot)
        await until_shown(pilot, "loss  mrpc-tiny", "train loss 0.", "◆ eval loss 0.6600", "12 NaN")
        assert plotted(pilot).count("◆") == 10
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MonitorScreen)


async def test_cards_are_walked_by_tab_arrows_and_letters(runs: Path) -> None:
    async with watching(trained(runs)) as pilot:
        await until_shown(pilot, "train loss", "accuracy")

        def focused() -> str:
            card = pilot.app.focused
            return card.metric.name if isinstance(card, MetricCard) else ""

        await pilot.press("tab")
        assert focused() == "loss"
        for key, name in (
            ("right", "eval_loss"), ("l", "eval_accuracy"), ("h", "eval_loss"), ("left", "loss"), ("left", "loss"),
            ("j", "learning_rate"), ("k", "loss"), ("down", "learning_rate"), ("up", "loss"),
        ):  # fmt: skip
            await pilot.press(key)
            assert focused() == name, key
        await pilot.press("right", "right", "enter")
        await until_shown(pilot, "accuracy  mrpc-tiny", "accuracy 0.7400")


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
    from core.events import StepLogged

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


async def test_cursor_reads_values(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    run.train(5, [5.0, 4.0, 3.0, 2.0, 1.0])
    async with watching(run) as pilot:
        await zoom(pilot)
        await pilot.press("left")
        await until_shown(pilot, "step 5", "train loss 1.0000")
        await pilot.press(*["shift+left"] * 9)
        await until_shown(pilot, "step 1", "train loss 5.0000")
        await pilot.press(*["shift+right"] * 3, *["right"] * 7)
        await until_shown(pilot, "step 3", "train loss 3.0000")


async def test_cursor_says_where_an_evaluation_was_and_shows_none_before_it(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    run.train(60)
    run.evaluate(loss=0.6173)
    run.train(60)
    async with watching(run) as pilot:
        await zoom(pilot)
        await pilot.press("right")
        await until_shown(pilot, "step 1 ", "eval loss none yet")
        assert "0.6173" not in text(pilot).split("eval loss", 1)[1].splitlines()[0]
        await pilot.press("left", *["shift+right"] * 9)
        await until_shown(pilot, "step 120", "eval loss 0.6173 at step 60")


async def test_next_and_previous_metric(runs: Path) -> None:
    async with watching(trained(runs)) as pilot:
        await zoom(pilot)
        for key, title in (("n", "accuracy"), ("tab", "f1"), ("p", "accuracy"), ("shift+tab", "loss"), ("p", "memory")):
            await pilot.press(key)
            await until_shown(pilot, f" {title}  mrpc-tiny")


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


async def test_other_screens_and_their_keys_work_over_a_chart(runs: Path) -> None:
    first, second = trained(runs), trained(runs, "second")
    async with watching(first) as pilot:
        await zoom(pilot)
        await pilot.press("question_mark")
        await until_shown(pilot, "read the values at a place")
        await pilot.press("escape", "f6")
        await until_shown(pilot, "second")
        await pilot.press("f4")
        assert isinstance(pilot.app.screen, ChartScreen)
        pilot.app.watch_run(second.path)
        await until_shown(pilot, "second", "40 %")


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


async def test_escape_leaves_the_cursor_first(runs: Path) -> None:
    async with watching(trained(runs)) as pilot:
        await zoom(pilot)
        await pilot.press("left")
        await until_shown(pilot, "step 199")
        await pilot.press("escape")
        await until(pilot, lambda: "step 199" not in text(pilot))
        assert isinstance(pilot.app.screen, ChartScreen)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, MonitorScreen)


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


async def test_export_writes_the_values_and_says_what_is_missing(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.charts import export

    monkeypatch.setattr(export.importlib.util, "find_spec", lambda name: None)
    run = trained(runs)
    async with watching(run) as pilot:
        await zoom(pilot)
        await pilot.press("x")
        await until_shown(pilot, "matplotlib is not installed", "finetui[charts]")
        assert len((run.path / "charts" / "loss.csv").read_text().splitlines()) == 1 + 200 + 4


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
    assert snap_compare(_app(eventful(runs)), terminal_size=size, run_before=_charted())


@SIZES
def test_smoothed_log_with_cursor(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    keys = ("plus", "plus", "l", "a", "shift+left", "shift+left")
    assert snap_compare(_app(eventful(runs)), terminal_size=size, run_before=_charted(*keys))


@SIZES
def test_compared(snap_compare: Any, runs: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(("aaaa", "bbbb"))  # the colours come from the folders' names
    monkeypatch.setattr("tests.pilot.recorded.RunFolder.create", _fixed(names))
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

    assert snap_compare(_app(first), terminal_size=size, run_before=run)


def _fixed(names: Any) -> Callable[..., Any]:
    from core.runs.folder import RunFolder

    create = RunFolder.create.__func__

    def named(runs: Path, config: Any) -> RunFolder:
        folder = create(RunFolder, runs, config)
        path = folder.path.rename(runs / f"20260601-1200-{config.title}-{next(names)}")
        return RunFolder(path)

    return named


def _app(run: RecordedRun) -> FinetuiApp:
    return FinetuiApp(runs=run.path.parent, open_run=run.path)


def _charted(*keys: str) -> Any:
    async def run(pilot: Pilot[None]) -> None:
        await zoom(pilot)
        await pilot.press(*keys)
        await pilot.pause()

    return run
