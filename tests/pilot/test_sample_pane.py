"""The answers of the model over time, on the Monitor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pilot.driving import text, type_in, until, until_shown
from tests.pilot.recorded import RecordedRun
from tui.app import FinetuiApp
from tui.widgets.metric_card import MetricCard
from tui.widgets.sample_table import SampleTable

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
CITIES = {
    "Dili": ("Asia", "America Asia Africa Asia Asia"),
    "Lusaka": ("Africa", "America Asia Europe Africa Africa"),
    "Goose Bay": ("America", "America America America America America"),
    "Vilnius": ("Europe", "Europe Europe Europe Europe Europe"),
    "Toulouse": (None, "America Europe Europe Europe Europe"),
}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def cities(runs: Path) -> RecordedRun:
    run = RecordedRun(runs, "cities")
    run.begin()
    for index in range(5):
        run.train(21)
        run.evaluate(loss=1.3 - 0.1 * index, accuracy=0.5 + 0.05 * index)
        asked = []
        for city, (truth, answers) in CITIES.items():
            answer = answers.split()[index]
            sample: dict[str, Any] = {"input": city, "answer": answer, "probability": 0.4 + 0.1 * index}
            if truth:
                sample |= {"expected": truth, "correct": answer == truth}
            asked.append(sample)
        run.sample(*asked)
    return run


def sums(runs: Path) -> RecordedRun:
    """Long texts, one with control characters and markup in it."""
    run = RecordedRun(runs, "stories")
    run.begin()
    prompts = ["Once upon a time there was a king who", "[b]x[/b]\x1b[2J", "日本の首都は"]
    for index in range(3):
        run.train(20)
        run.sample(*({"input": prompt, "answer": f"{index}: " + "and then he said so " * 9} for prompt in prompts))
    return run


def watching(run: RecordedRun, size: tuple[int, int] = (80, 24)) -> Any:
    return FinetuiApp(runs=run.path.parent, open_run=run.path).run_test(size=size)


async def test_newest_steps_stand_there_with_what_changed_and_what_is_right(runs: Path) -> None:
    run = cities(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "● running", "g ask")
        await pilot.press("t")
        await until_shown(pilot, "step 105", "→✓Asia", " ✓Europe 80%", "→✗Europe", "input", "expected")
        assert "step 21" not in text(pilot)
        await pilot.press("left", "left")
        await until_shown(pilot, "step 21", "2 newer →")
        run.train(21)
        run.sample({"input": "Dili", "answer": "Europe", "expected": "Asia", "correct": False})
        await until_shown(pilot, "3 newer →")
        await pilot.press("end")
        await until_shown(pilot, "step 126", "→✗Europe")
        await pilot.press("t")
        await until_shown(pilot, "saved checkpoints/checkpoint-105")


async def test_enter_shows_one_sample_over_all_steps(runs: Path) -> None:
    async with watching(cities(runs)) as pilot:
        await until_shown(pilot, "● running", "g ask")
        await pilot.press("t", "down", "enter")
        await until_shown(pilot, "Lusaka", "step 105", "right", "step 84  →✓", "changed", "probability 0.8000")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.query(SampleTable))


async def test_foreign_text_is_only_text(runs: Path) -> None:
    async with watching(sums(runs)) as pilot:
        await until_shown(pilot, "● running", "g ask")
        await pilot.press("t", "down")
        await until_shown(pilot, "[b]x[/b]␛[2J")
        await pilot.press("enter")
        await until_shown(pilot, "[b]x[/b]␛[2J", "2: and then")


async def test_a_text_of_ones_own_is_asked(runs: Path) -> None:
    run = cities(runs)
    async with watching(run) as pilot:
        await until_shown(pilot, "● running", "g ask")
        await pilot.press("g")
        await until_shown(pilot, "Ask the model")
        await type_in(pilot, "Kyoto", "enter")
        await until_shown(pilot, "asked to answer 'Kyoto'", "samples")
        await pilot.press("g", "enter")
        told = [json.loads(line) for line in (run.path / "inbox.jsonl").read_text().splitlines()]
        assert told == [
            {"command": "sample", "text": "Kyoto", "text_pair": ""},
            {"command": "sample", "text": "", "text_pair": ""},
        ]
        run.take(**told[0])
        run.take(**told[1])
        run.sample({"input": "Kyoto", "answer": "Asia", "probability": 0.9})
        await until_shown(pilot, "Kyoto", "Asia 90%")
        assert "asked to" not in text(pilot)


async def test_before_the_first_sampling_the_pane_says_so(runs: Path) -> None:
    run = RecordedRun(runs)
    run.begin()
    run.progress()
    async with watching(run) as pilot:
        await until_shown(pilot, "g ask")
        await pilot.press("t")
        await until_shown(pilot, "no samples yet")


@SIZES
def test_classifier(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    assert snap_compare(_app(cities(runs)), terminal_size=size, run_before=_samples)


@SIZES
def test_causal_lm(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    assert snap_compare(_app(sums(runs)), terminal_size=size, run_before=_samples)


def _app(run: RecordedRun) -> FinetuiApp:
    return FinetuiApp(runs=run.path.parent, open_run=run.path)


async def _samples(pilot: Any) -> None:
    await until_shown(pilot, "● running", "g ask")
    await pilot.press("t")
    await until_shown(pilot, "Enter one in full")


async def test_many_metrics_leave_room_for_the_answers(runs: Path) -> None:
    run = RecordedRun(runs, "entities")
    run.begin()
    run.train(21)
    scores = dict.fromkeys(("accuracy", "f1", "precision", "recall", "f1_macro", "mcc"), 0.5)
    run.evaluate(loss=1.3, **scores)
    run.sample(*({"input": city, "answer": "Asia", "probability": 0.9} for city in CITIES))
    async with watching(run) as pilot:
        await until_shown(pilot, "train loss", "recall")
        await pilot.press("t")
        await until_shown(pilot, *CITIES)
        assert "process memory" not in text(pilot)
        pilot.app.screen.query(MetricCard).first().focus()
        await pilot.press("down", "down")
        await until_shown(pilot, "process memory")
