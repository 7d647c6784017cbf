"""How long a key on the Monitor takes to the screen, while a thread of the same process trains."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from core.commands import Stop
from core.runs.folder import tell
from tests.bench.measure import Measurement
from tests.bench.workload import train_on_monitor, write_config

GOAL_MS = 50.0
PRESSES = 400
"""Of fewer the 99th percentile would be little else than the slowest."""
STEPS = 5000
"""More than are trained meanwhile: the run is stopped then."""
BETWEEN_SECONDS = 0.1


def keys() -> list[Measurement]:
    """The key that changes from the log to output.log, whose title is the word that is waited for."""
    waits: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        finetui = [str(Path(sys.executable).with_name("finetui"))]
        runs = Path(home) / "runs"
        run = train_on_monitor(write_config(Path(home), STEPS), runs, finetui, {"XDG_STATE_HOME": home})
        run.process.wait_until(lambda: bool(run.logged()))
        while len(waits) < PRESSES and not run.is_over():
            waits.append(1000 * run.process.answer(b"o", b"output.log"))
            time.sleep(BETWEEN_SECONDS)
            run.process.type(b"o")
            time.sleep(BETWEEN_SECONDS)
        tell(next(runs.iterdir()), Stop())
        run.end()
    p99 = quantiles(waits, n=100)[98]
    return [
        Measurement("keys pressed while training", len(waits), ""),
        Measurement("key to its repaint while training, p50", median(waits), "ms"),
        Measurement("key to its repaint while training, p99", p99, "ms", f"at most {GOAL_MS:.0f}", p99 <= GOAL_MS),
    ]
