"""Steps a second of the loop of our own beside the Trainer's: the same run, by turns, in one process."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from core import config_file
from core.config import RunConfig
from core.events import RunFinished, StepLogged
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training import engine
from tests.bench.measure import Measurement
from tests.bench.workload import write_config

PAIRS = 5
STEPS = 60
GOAL = 0.98


def engines() -> list[Measurement]:
    """Medians over pairs; which of a pair comes first changes."""
    rates: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as home:
        config = config_file.load(write_config(Path(home)), [f"training.max_steps={STEPS}"]).config
        for index in range(PAIRS):
            order = ("trainer", "loop") if index % 2 else ("loop", "trainer")
            rates.append({which: _rate(config.model_copy(update={"engine": which}), Path(home)) for which in order})
            found = rates[-1]
            print(
                f"  pair {index + 1}: {found['trainer']:.2f} and {found['loop']:.2f} steps/s",
                file=sys.stderr,
                flush=True,
            )
    ratio = median(pair["loop"] / pair["trainer"] for pair in rates)
    return [
        Measurement("steps per second, engine: trainer", median(pair["trainer"] for pair in rates), "1/s"),
        Measurement("steps per second, engine: loop", median(pair["loop"] for pair in rates), "1/s"),
        Measurement("speed of the loop over the Trainer", ratio, "times", f"at least {GOAL}", ratio >= GOAL),
    ]


def _rate(config: RunConfig, home: Path) -> float:
    """Steps a second between the first logged step and the last."""
    folder = RunFolder.create(home / "runs", config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, RunFinished), outcome
    logged = [event for event in RunReader(folder.path).read_all() if isinstance(event, StepLogged)]
    first, last = logged[0], logged[-1]
    assert first.step is not None
    assert last.step is not None
    return (last.step - first.step) / (last.t - first.t)
