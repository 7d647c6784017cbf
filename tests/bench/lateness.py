"""How late the app's event loop gets to what is due, while a thread of the same process trains."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import quantiles

from tests.bench.measure import Measurement
from tests.bench.workload import train_on_monitor, training_began, write_config

GOAL_MS = 16.0
MOST_MS = 250.0


def lateness() -> list[Measurement]:
    """Percentiles in milliseconds, over the training and over the imports and loading before it."""
    with tempfile.TemporaryDirectory() as home:
        ticks = Path(home) / "ticks.json"
        command = [sys.executable, str(Path(__file__).with_name("ticking_app.py")), str(ticks)]
        runs = Path(home) / "runs"
        run = train_on_monitor(write_config(Path(home)), runs, command, {"XDG_STATE_HOME": home})
        run.end()
        begun, ended = training_began(runs), run.logged()[-1][1]
        found = json.loads(ticks.read_text())
    training = [1000 * late for t, late in found if begun <= t <= ended]
    before = [1000 * late for t, late in found if t < begun]
    p50, p99 = _percentiles(training)
    most = max(late for late in (*training, *before))
    return [
        Measurement("event loop lateness while training, p50", p50, "ms"),
        Measurement("event loop lateness while training, p99", p99, "ms", f"at most {GOAL_MS:.0f}", p99 <= GOAL_MS),
        Measurement("event loop lateness while training, max", max(training), "ms"),
        Measurement("event loop lateness while importing and loading, p99", _percentiles(before)[1], "ms"),
        Measurement("event loop lateness, max of all", most, "ms", f"at most {MOST_MS:.0f}", most <= MOST_MS),
    ]


def _percentiles(values: list[float]) -> tuple[float, float]:
    cuts = quantiles(values, n=100)
    return cuts[49], cuts[98]
