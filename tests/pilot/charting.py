"""What the tests of the chart share: a run with everything in it, and the way from its Monitor to its chart."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from core.runs.folder import RunFolder
from tests.pilot.driving import text, until, until_shown
from tests.pilot.recorded import RecordedRun
from tui.app import FinetuiApp
from tui.screens.chart import ChartScreen
from tui.widgets.chart import Chart


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
            run.take(2e-4, 1e-4, command="set_learning_rate", value=1e-4)
        if part == 6:
            run.take(command="pause")
        run.evaluate(loss=0.66 - 0.05 * part + 0.005 * part * part, accuracy=0.6 + 0.02 * part)
    return run


def opened(run: RecordedRun) -> FinetuiApp:
    """The app with its Monitor on a run."""
    return FinetuiApp(runs=run.path.parent, open_run=run.path)


def watching(run: RecordedRun, size: tuple[int, int] = (80, 24)) -> Any:
    return opened(run).run_test(size=size)


async def zoom(pilot: Pilot[None], *keys: str) -> Chart:
    """From the Monitor to the chart."""
    await until_shown(pilot, "train loss")
    await pilot.press(*keys, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ChartScreen) and " by step" in text(pilot))
    return pilot.app.screen.query_one(Chart)


def plotted(pilot: Pilot[None]) -> str:
    """The lines of the plot."""
    return "\n".join(line for line in text(pilot).splitlines() if "│" in line or "┤" in line)


def fixed_names(names: Any) -> Callable[..., Any]:
    """In place of RunFolder.create: folders whose names, and so the colours of their runs, are always the same."""
    create = RunFolder.create.__func__

    def named(runs: Path, config: Any) -> RunFolder:
        folder = create(RunFolder, runs, config)
        path = folder.path.rename(runs / f"20260601-1200-{config.title}-{next(names)}")
        return RunFolder(path)

    return named
