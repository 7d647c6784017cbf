"""What the Monitor says of the learning curves: one verdict, what to try apart from it, and the last one at the end."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.events import Advice, AdviceWithdrawn
from core.training.diagnosis import KINDS
from tests.pilot.driving import text, until_shown
from tests.pilot.recorded import RecordedRun, trained
from tui.app import FinetuiApp

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
TURNED = "the evaluation loss rose from 0.603 at step 140 to 0.628 (4.1 %), while the training loss fell to 0.43"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def advise(run: RecordedRun, kind: str, message: str, again: bool = False) -> None:
    known = KINDS[kind]
    words, step = f"{known.title}: {message}", run.step
    said = Advice(t=run.now, step=step, kind=kind, message=words, hint=known.live_hint, level=known.severity, since=9)
    run.folder.emit(replace(said, again=again))


def withdraw(run: RecordedRun, kind: str) -> None:
    run.folder.emit(AdviceWithdrawn(t=run.now, step=run.step, kind=kind, message=f"no longer: {KINDS[kind].title}"))


def turned(runs: Path) -> RecordedRun:
    """A run that learnt, then overfitted."""
    run = trained(runs)
    advise(run, "learning", "the training loss fell by 12 %")
    withdraw(run, "learning")
    advise(run, "overfitting", TURNED)
    return run


def opened(run: RecordedRun) -> Any:
    return FinetuiApp(runs=run.path.parent, open_run=run.path)


async def test_one_verdict_stands_and_its_figures_are_the_newest(runs: Path) -> None:
    run = trained(runs)
    advise(run, "learning", "the training loss fell by 12 %")
    async with opened(run).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "learning: the training loss fell by 12 %", "→ go on")
        advise(run, "learning", "the training loss fell by 25 %", again=True)
        await until_shown(pilot, "learning: the training loss fell by 25 %")
        withdraw(run, "learning")
        advise(run, "overfitting", TURNED)
        await until_shown(pilot, "! overfitting", "→ stop early", "no longer: learning")
        assert "→ go on" not in text(pilot)
        withdraw(run, "overfitting")
        await until_shown(pilot, "no longer: overfitting")
        assert "→ stop early" not in text(pilot)


async def test_the_last_verdict_stays_when_the_run_ends(runs: Path) -> None:
    run = trained(runs)
    advise(run, "learning", "the training loss fell by 25 %")
    run.train(300)
    run.finish(loss=0.5, accuracy=0.75)
    async with opened(run).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "✓ completed", "accuracy 0.7500", "learning: the training loss fell by 25 %")
        assert "go on" not in text(pilot), "of a run that is over"


async def test_a_run_that_ends_on_nan_says_that_it_learnt_nothing(runs: Path) -> None:
    run = trained(runs)
    advise(run, "nan", "the loss is NaN since step 201")
    async with opened(run).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "✗ NaN: the loss is NaN since step 201", "→ stop")
        run.train(300, [math.nan] * 300)
        run.finish(loss=math.nan, accuracy=0.32)
        await until_shown(pilot, "✗ completed, but the loss is NaN since step 201", "→ lower the learning rate")
        assert "→ stop" not in text(pilot)


@SIZES
def test_overfitting_live(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    assert snap_compare(opened(turned(runs)), terminal_size=size, run_before=_until("→ stop early"))


@SIZES
def test_overfitting_at_the_end(snap_compare: Any, runs: Path, size: tuple[int, int]) -> None:
    run = turned(runs)
    run.train(300)
    run.finish(loss=0.628, accuracy=0.67)
    assert snap_compare(opened(run), terminal_size=size, run_before=_until("accuracy 0.67"))


def test_nan_at_the_end(snap_compare: Any, runs: Path) -> None:
    run = trained(runs)
    advise(run, "nan", "the loss is NaN since step 201")
    run.train(300, [math.nan] * 300)
    run.finish(loss=math.nan, accuracy=0.32)
    assert snap_compare(opened(run), terminal_size=(80, 24), run_before=_until("✗ completed, but"))


def _until(shown: str) -> Any:
    async def run(pilot: Pilot[int]) -> None:
        await until_shown(pilot, shown)

    return run
