"""How long a run with a million logged steps takes to open, and its chart to be painted again."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from textual.app import App, ComposeResult
from textual.geometry import Region

from core.runs import layout
from tests.bench.long_run import SPIKE, STEPS, write_long_run
from tests.bench.measure import Measurement
from tui.charts import figure
from tui.charts.source import Source
from tui.follow import RunFollower
from tui.widgets.chart import Chart

OPENINGS = 5
PAINTS = 30
SIZE = (120, 40)


class ChartApp(App[None]):
    """Shows nothing but a chart."""

    def compose(self) -> ComposeResult:
        yield Chart()


def curves() -> list[Measurement]:
    """Opening is reading and putting into blocks; painting is all from the values to the characters."""
    with tempfile.TemporaryDirectory() as home:
        print(f"  writing {STEPS:,} steps", file=sys.stderr, flush=True)
        run = write_long_run(Path(home))
        first, _ = _open(run)
        seconds = []
        for _ in range(OPENINGS):
            taken, source = _open(run)
            seconds.append(taken)
        paints = asyncio.run(_paints(source))
        kept = (run / layout.CURVES).stat().st_size / 2**20
        opened = median(seconds)
    worst = sorted(paints)[int(0.95 * len(paints))]
    return [
        Measurement("open a million steps without curves.bin", first, "s"),
        Measurement("open a million steps", opened, "s", "at most 0.5", opened <= 0.5),
        Measurement("size of its curves.bin", kept, "MiB"),
        Measurement(
            "repaint a million steps, median", 1000 * median(paints), "ms", "at most 16", median(paints) <= 0.016
        ),
        Measurement("repaint a million steps, p95", 1000 * worst, "ms"),
    ]


def _open(run: Path) -> tuple[float, Source]:
    begun = time.perf_counter()
    follower = RunFollower(run)
    follower.replay()
    source = Source(follower)
    source.prepare()
    return time.perf_counter() - begun, source


async def _paints(source: Source) -> list[float]:
    """Seconds of each painting, with one value more each time, smoothing on and off."""
    app = ChartApp()
    found = []
    series = source.run.state.series["loss"]
    async with app.run_test(size=SIZE) as pilot:
        chart = app.query_one(Chart)
        await pilot.pause()
        for number in range(PAINTS):
            step = STEPS + 1 + number
            series.append(step, 3.0, series.times[-1] + 0.05, 0.3)
            wish = figure.Wish("loss", "train loss", "eval_loss", "eval loss", smoothing=0.05 * (number % 2))
            begun = time.perf_counter()
            chart.show(figure.build([source], wish), cursor=60)
            chart.render_lines(Region(0, 0, *SIZE))
            found.append(time.perf_counter() - begun)
            reading = source.read("loss", "step", SPIKE - 1, SPIKE + 1)
            assert reading is not None
            assert reading.high == 9.0, "the spike was dropped"
    return found
