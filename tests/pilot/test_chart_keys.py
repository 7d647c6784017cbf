"""The chart under the keys: from card to card, the cursor, other metrics, other screens, the export."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pilot.charting import watching, zoom
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import RecordedRun, trained
from tui.screens.chart import ChartScreen
from tui.screens.monitor import MonitorScreen
from tui.widgets.metric_card import MetricCard


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


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


async def test_export_writes_the_values_and_says_what_is_missing(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.charts import export

    monkeypatch.setattr(export.importlib.util, "find_spec", lambda name: None)
    run = trained(runs)
    async with watching(run) as pilot:
        await zoom(pilot)
        await pilot.press("x")
        await until_shown(pilot, "matplotlib is not installed", "finetui[charts]")
        assert len((run.path / "charts" / "loss.csv").read_text().splitlines()) == 1 + 200 + 4


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
