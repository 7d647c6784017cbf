"""The screens of a run in every theme and at every size: one app each, drawn seven times."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual.pilot import Pilot

from tests.pilot.charting import eventful, fixed_names, zoom
from tests.pilot.driving import type_in, until_shown
from tests.pilot.recorded import RecordedRun, completed
from tests.pilot.test_log import measured, noted
from tests.pilot.test_sample_pane import cities
from tui.app import FinetuiApp
from tui.theme import THEMES

SIZES = ((80, 24), (120, 40), (200, 50))
ELSEWHERE = (("dark", (80, 24)), ("dark", (120, 40)))
"""What the tests of each screen compare."""
Shown = Callable[[Pilot[Any]], Awaitable[object]]


async def chart(pilot: Pilot[Any]) -> None:
    await zoom(pilot)
    await pilot.press("shift+left", "shift+left")


async def comparison(pilot: Pilot[Any]) -> None:
    await zoom(pilot)
    await pilot.press("c")
    await until_shown(pilot, "Compare with", "second")
    await pilot.press("space", "enter")
    await until_shown(pilot, "2 runs", "0.0001")


async def samples(pilot: Pilot[Any]) -> None:
    await until_shown(pilot, "● running")
    await pilot.press("t")
    await until_shown(pilot, "Enter one in full")


async def machine(pilot: Pilot[Any]) -> None:
    await until_shown(pilot, "40 %")
    await pilot.press("m")
    await until_shown(pilot, "tokens/s", "gpu 1")


async def log_search(pilot: Pilot[Any]) -> None:
    await until_shown(pilot, "note 59")
    await pilot.press("slash")
    await type_in(pilot, "e 1", "enter")
    await until_shown(pilot, "match")


def two_runs(runs: Path) -> RecordedRun:
    first, second = completed(runs, "first"), RecordedRun(runs, "second", alive=False)
    second.begin()
    second.train(400, [0.8 * math.exp(-at / 150) + 0.03 * math.sin(at * 1.3) for at in range(400)])
    config = second.path / "config.yaml"
    config.write_text(config.read_text().replace("learning_rate: 5e-05", "learning_rate: 0.0001"))
    return first


RUNS: dict[Shown, Callable[[Path], RecordedRun]] = {
    chart: eventful,
    comparison: two_runs,
    samples: cities,
    machine: lambda runs: measured(runs, devices=2),
    log_search: noted,
}


@pytest.mark.parametrize("screen", RUNS, ids=lambda screen: screen.__name__)
async def test_every_theme_and_size(
    screen: Shown, snapshot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.pilot.recorded.RunFolder.create", fixed_names(iter(("aaaa", "bbbb"))))
    run = RUNS[screen](tmp_path / "runs")
    app = FinetuiApp(runs=run.path.parent, open_run=run.path)
    different = []
    wanted = [(size, word) for size in SIZES for word in THEMES if (word, size) not in ELSEWHERE]
    async with app.run_test(size=SIZES[0]) as pilot:
        await screen(pilot)
        await pilot.pause()
        for (width, height), word in wanted:
            if app.size != (width, height):
                await pilot.resize_terminal(width, height)
            app.theme = THEMES[word].name
            await pilot.pause(0.1)
            name = f"{word} {width}x{height}"
            if app.export_screenshot() != snapshot(name=name, extension_class=SVGImageExtension):
                different.append(name)
    assert not different
