"""What the benches train: model and data of the demo `cities`, a fixed number of steps, nothing in between."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from core import config_file, demo
from core.events import PhaseChanged, RunFailed, RunFinished, StepLogged
from core.runs.reader import RunReader
from tests.bench.measure import OnTerminal, lines_of

STEPS = 150
EVERY = 10
"""Steps between two logged ones, whose times are what is measured."""
CTRL_Q = b"\x11"


@dataclass(frozen=True, slots=True)
class Trained:
    """Steps a second between the first and the last logged step; peak memory of the process; the training's span."""

    rate: float
    peak_bytes: int
    begun: float
    ended: float


def write_config(folder: Path) -> Path:
    """The config file of the workload."""
    data = config_file.to_data(demo.prepare("cities"))
    data |= {"baselines": False, "name": "bench"}
    data["training"] |= {"eval_strategy": "no", "save_strategy": "no", "max_steps": STEPS, "logging_steps": EVERY}
    file = folder / "bench.yaml"
    file.write_text(config_file.to_yaml(config_file.validate(data)), encoding="utf-8")
    return file


def train_on_monitor(config: Path, runs: Path, command: list[str], environment: dict[str, str]) -> Trained:
    """Train with the Monitor open in a terminal of its own, and quit the app when the run is over."""
    app = OnTerminal([*command, "train", str(config), "--tui", "--runs", str(runs)], environment)
    app.wait_until(lambda: bool(_ended(runs)))
    app.end(CTRL_Q)
    (folder,) = runs.iterdir()
    found = RunReader(folder).read_all()
    failed = next((event for event in found if isinstance(event, RunFailed)), None)
    if failed is not None:
        raise RuntimeError(f"the run failed: {failed.title}: {failed.detail}")
    times = [(event.step or 0, event.t) for event in found if isinstance(event, StepLogged)]
    begun = next(event.t for event in found if isinstance(event, PhaseChanged) and event.phase == "training")
    return Trained(_rate(times), app.peak_bytes, begun, times[-1][1])


def train_plainly(config: Path, folder: Path) -> Trained:
    """Train the same with a plain script, in a process of its own."""
    data = config_file.load(config).config
    script = Path(__file__).with_name("plain_training.py")
    files = data.data.files or {}
    settings = {"max_steps": STEPS, "logging_steps": EVERY, "learning_rate": data.training.learning_rate}
    log = folder / "plain.jsonl"
    command = [sys.executable, script, data.model.id, files["train"], folder / "plain", json.dumps(settings), log]
    process = OnTerminal([str(part) for part in command])
    process.wait_until(lambda: bool(lines_of(log)) and json.loads(lines_of(log)[-1])["step"] >= STEPS)
    process.end(b"")
    times = [(entry["step"], entry["t"]) for entry in map(json.loads, lines_of(log))]
    return Trained(_rate(times), process.peak_bytes, times[0][1], times[-1][1])


def _rate(times: list[tuple[int, float]]) -> float:
    (first_step, first), (last_step, last) = times[0], times[-1]
    return (last_step - first_step) / (last - first)


def _ended(runs: Path) -> bool:
    return any(
        isinstance(event, RunFinished | RunFailed)
        for folder in runs.glob("*")
        for event in RunReader(folder).read_all()
    )
