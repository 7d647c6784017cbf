"""Classes on the Monitor: figures and confusions of the last evaluation."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from core.events import ClassesCounted
from core.metrics.class_counts import ClassCounts
from core.runs.history import History
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import RecordedRun
from tui.app import FinetuiApp
from tui.classes import rows_of
from tui.shell.show import show

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
LABELS = ["Africa", "America", "Asia", "Europe", "Oceania"]
ENTITIES = ("corporation", "creative-work", "人物", "地域名称の長い名前", "[b]x[/b]\x1b[2J")
TAGS = ["O", *(f"{place}-{kind}" for kind in ENTITIES for place in "BI")]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def counted(run: RecordedRun, labels: list[str], rows: int, right: float = 0.7, hot: bool = False) -> ClassesCounted:
    """What an engine counts of so many rows; the later a class, the rarer."""
    draw = random.Random(run.step)
    counts = ClassCounts(labels)
    weights = [1 / (index + 1) for index in range(len(labels) - 1)] + [0.0]
    truth = draw.choices(range(len(labels)), weights, k=rows)
    guess = [label if draw.random() < right else draw.choice(truth) for label in truth]
    if hot:
        counts.add(
            *([[index in (label, 0) for index in range(len(labels))] for label in side] for side in (guess, truth))
        )
    else:
        counts.add(guess, truth)
    return ClassesCounted(**counts.fields(), **run.at)


def classified(runs: Path, labels: list[str], hot: bool = False) -> RecordedRun:
    run = RecordedRun(runs, "cities", alive=False)
    run.begin()
    for index in range(2):
        run.train(50)
        run.evaluate(loss=1.2 - 0.2 * index, accuracy=0.6 + 0.1 * index)
        run.folder.emit(counted(run, labels, 1200, 0.6 + 0.1 * index, hot))
    run.finish(loss=1.0, accuracy=0.7)
    return run


def watching(run: RecordedRun, size: tuple[int, int] = (80, 24)) -> Any:
    return FinetuiApp(runs=run.path.parent, open_run=run.path).run_test(size=size)


async def test_the_classes_of_the_last_evaluation_are_shown_as_they_are_counted(runs: Path) -> None:
    run = classified(runs, LABELS)
    async with watching(run) as pilot:
        await until_shown(pilot, "cities", "classes")
        await pilot.press("p")
        await until_shown(pilot, "classes at step 100", "recall", "→Africa", "most often mistaken: ")
        run.train(50)
        run.folder.emit(newest := counted(run, LABELS, 1200, 0.9))
        await until_shown(pilot, "classes at step 150")
        for row in rows_of(newest):
            (line,) = [line for line in text(pilot).splitlines() if line.strip("│ ").startswith(row.label)]
            assert line.strip("│ ").split() == [row.label, *row.figures, *map(str.strip, row.counts)]
        await pilot.press("p")
        await until(pilot, lambda: "recall" not in text(pilot))
        assert "accuracy" in text(pilot), "the cards are back"


async def test_a_run_without_counts_offers_no_view_of_classes(runs: Path) -> None:
    run = RecordedRun(runs, "old", alive=False)
    run.begin()
    run.train(10)
    run.evaluate(loss=0.5)
    async with watching(run) as pilot:
        await until_shown(pilot, "eval loss")
        await pilot.press("p")
        assert "classes" not in text(pilot)


@SIZES
def test_classes(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    run = classified(runs, LABELS)
    assert snap_compare(_app(run), terminal_size=size, run_before=_pressed("p"))


@SIZES
def test_tags(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    run = classified(runs, TAGS)
    assert snap_compare(_app(run), terminal_size=size, run_before=_pressed("p", *["right"] * 12, "down"))


def test_several_classes_a_row(snap_compare: Any, runs: Path) -> None:
    run = classified(runs, LABELS, hot=True)
    assert snap_compare(_app(run), terminal_size=(80, 24), run_before=_pressed("p"))


def _app(run: RecordedRun) -> FinetuiApp:
    return FinetuiApp(runs=run.path.parent, open_run=run.path)


def _pressed(key: str, *more: str) -> Any:
    async def run(pilot: Any) -> None:
        await until_shown(pilot, "cities", "classes")
        await pilot.press(key)
        await until_shown(pilot, "at step 100", "recall")
        await pilot.press(*more)
        await pilot.pause(0.3)

    return run


def test_show_says_the_same_as_a_table_and_for_machines(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = classified(runs, [*LABELS[:3], "\x1b[31mred"])
    assert show(run.path.name, runs, json=False) == 0
    said = capsys.readouterr().out
    assert "classes at step 100" in said
    assert "\x1b" not in said
    assert "taken for" in said
    assert show(run.path.name, runs, json=True) == 0
    data = json.loads(capsys.readouterr().out)["classes"]
    history = History(run.path)
    history.replay()
    assert history.state.classes is not None
    assert data["matrix"] == history.state.classes.matrix
    rows = rows_of(history.state.classes)
    assert [item["f1"] for item in data["per_class"]] == [row.f1 for row in rows]
    assert data["per_class"][3] == {"label": "\x1b[31mred", "support": 0, "precision": None, "recall": None, "f1": None}


def test_of_many_classes_the_most_frequent_are_listed(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = classified(runs, [f"class {index}" for index in range(312)])
    show(run.path.name, runs, json=False)
    said = capsys.readouterr().out
    assert "the 50 most frequent of 312 classes at step 100" in said
    assert "class 0" in said
    assert "class 311" not in said
    assert "taken for" not in said


def test_what_an_earlier_life_counted_after_the_checkpoint_is_gone(runs: Path) -> None:
    from core.events import RunStarted
    from core.runs.state import RunState

    run = classified(runs, LABELS)
    state = RunState()
    state.apply(counted(run, LABELS, 10))
    fields = {"t": run.now, "run": "", "name": "", "task": "", "model": "", "method": "", "engine": ""}
    state.apply(RunStarted(**fields, resumed_from=100))
    assert state.classes is not None
    state.apply(RunStarted(**fields, resumed_from=99))
    assert state.classes is None
