"""The dialog before a start: findings, cost, progress, and the way out while it checks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Button

from core import config_file
from core.config import RunConfig
from core.errors import RunStopped
from core.training import preflight
from core.training.preflight import Finding, Report, Watch
from tests.pilot.driving import text, until, until_shown
from tui.app import FinetuiApp
from tui.screens.start_dialog import StartDialog

SIZES = [(80, 24), (120, 40)]
MIB = 2**20
COST = {
    "train_rows": 3668,
    "eval_rows": 408,
    "steps": 690,
    "steps_per_epoch": 230,
    "warmup_steps": 69,
    "evaluations": 3,
    "longest_row_tokens": 103,
    "precision": "bfloat16 frozen base, bfloat16 autocast",
    "device": "cuda",
    "parameters": 22_713_600,
    "trainable_parameters": 73_728,
    "weights_bytes": 44 * MIB,
    "weights_dtype": "bfloat16 + float32",
    "gradients_bytes": 3 * MIB // 10,
    "gradients_dtype": "float32",
    "optimizer_bytes": 6 * MIB // 10,
    "optimizer_dtype": "float32",
    "activations_bytes": 329 * MIB,
    "activations_dtype": "bfloat16",
    "heap_bytes": 0,
    "memory_bytes": 374 * MIB,
    "process_bytes": 812 * MIB,
    "memory_free_bytes": 22_000 * MIB,
    "seconds_per_step": 0.0412,
    "estimated_seconds": 31.0,
}
WARNINGS = [
    Finding(
        "truncated",
        "warning",
        "train",
        734,
        "734 of 3,668 rows (20.0%) are cut at 64 tokens",
        "raise data.max_length",
        list(range(2, 3668, 5)),
    ),
    Finding(
        "overlap",
        "warning",
        "validation",
        5,
        "5 of 408 rows (1.2%) stand in the train split too",
        "take them out of one of the two: the evaluation would praise what was learned by heart",
        [2, 7, 11, 12, 19],
    ),
    Finding("no_pad_token", "info", "", 0, "the tokenizer has no pad token of its own: </s> takes its place"),
]
ERROR = Finding(
    "label_out_of_range",
    "error",
    "train",
    1,
    "1 row has a label outside the range: '[red]7\x1b'",
    "the labels are 0, 1: check `data.labels`, or drop these rows",
    [41],
)


class FakeCheck:
    """A pre-flight that says what a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, report: Report | None) -> None:
        self.trials: list[bool] = []
        self.ended = threading.Event()
        self._report = report
        monkeypatch.setattr(preflight, "check", self)

    def __call__(self, config: RunConfig, watch: Watch, trial: bool) -> Report:
        self.trials.append(trial)
        if self._report is not None:
            return self._report
        wait = threading.Event()
        try:
            while True:  # tokenizing goes on until somebody ends it
                watch.at("train: tokens", 1200, 3668)
                wait.wait(0.01)
        except RunStopped:
            self.ended.set()
            raise


@pytest.fixture
def config(shared: Path) -> RunConfig:
    return config_file.validate(
        {"name": "mrpc", "model": {"id": str(shared / "models/bert-tiny-uncased")}, "data": {"id": "rows.jsonl"}}
    )


def opened(config: RunConfig, app: App[int], answers: list[str | None]) -> None:
    app.push_screen(StartDialog(config), answers.append)


async def test_errors_keep_the_start_shut(tmp_path: Path, config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeCheck(monkeypatch, Report([ERROR, *WARNINGS], COST))
    answers: list[str | None] = []
    async with FinetuiApp(runs=tmp_path / "runs").run_test(size=(80, 24)) as pilot:
        opened(config, pilot.app, answers)
        await until_shown(pilot, "1 error to mend first · 2 warnings", "✗ 1 row has a label", "[red]7␛", "row 41")
        assert "activations" not in text(pilot)
        await pilot.press("end")
        await until_shown(pilot, "activations", "374 MiB")
        await pilot.press("enter")  # on Back: Start cannot be reached
        await until(pilot, lambda: answers)
    assert answers == ["back"]


async def test_warnings_do_not(tmp_path: Path, config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeCheck(monkeypatch, Report(WARNINGS, COST))
    answers: list[str | None] = []
    async with FinetuiApp(runs=tmp_path / "runs").run_test(size=(80, 24)) as pilot:
        opened(config, pilot.app, answers)
        await until_shown(pilot, "ready to start · 2 warnings", "rows 2, 7, 12, 17, 22, 27, 32, 37, 42")
        await pilot.press("enter")
        await until(pilot, lambda: answers)
    assert answers == ["start"]


async def test_escape_ends_the_check(tmp_path: Path, config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    check = FakeCheck(monkeypatch, None)
    answers: list[str | None] = []
    async with FinetuiApp(runs=tmp_path / "runs").run_test(size=(80, 24)) as pilot:
        opened(config, pilot.app, answers)
        await until_shown(pilot, "train: tokens", "32 %", "1,200/3,668 rows")
        assert pilot.app.screen.query_one("#start", Button).disabled
        await pilot.press("enter")  # it starts the run once the check is done: too early, it must not end the check
        assert not answers
        await pilot.press("escape")
        await until(pilot, check.ended.is_set)
    assert answers == ["back"]


def shown(config: RunConfig) -> Callable[[Pilot[int]], Any]:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f3")  # over a screen that names no folder of the test
        await until_shown(pilot, "dtype")
        opened(config, pilot.app, [])
        await until_shown(pilot, "2 warnings")
        await pilot.pause()

    return run


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_with_an_error(
    snap_compare: Any, tmp_path: Path, config: RunConfig, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeCheck(monkeypatch, Report([ERROR, *WARNINGS], COST))
    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=shown(config))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_ready_with_its_cost(
    snap_compare: Any, tmp_path: Path, config: RunConfig, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeCheck(monkeypatch, Report([], COST) if size[0] > 80 else Report(WARNINGS[:1], COST))

    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f3")  # over a screen that names no folder of the test
        await until_shown(pilot, "dtype")
        opened(config, pilot.app, [])
        await until_shown(pilot, "ready to start")
        await pilot.press("end")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
