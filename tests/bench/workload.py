"""What the benches train: model and data of the demo `cities`, a fixed number of steps, nothing in between."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core import config_file, demo
from core.events import Event, PhaseChanged, RunFailed, RunFinished, StepLogged
from core.runs.reader import RunReader
from tests.bench.measure import OnTerminal, lines_of

STEPS = 200
EVERY = 10
"""Steps between two logged ones, whose times are what is measured."""
CTRL_Q = b"\x11"


@dataclass(frozen=True, slots=True)
class Training:
    """A process that trains. `logged` reads (step, unix seconds) of the steps that it has logged so far."""

    process: OnTerminal
    logged: Callable[[], list[tuple[int, float]]]
    is_over: Callable[[], bool]
    last_keys: bytes
    """What ends the process once it has trained."""

    def end(self) -> int:
        """Wait for its end; its peak memory in bytes."""
        self.process.wait_until(self.is_over)
        time.sleep(1.0)  # the thread that trains ends a moment after its last event; until then the app asks
        self.process.end(self.last_keys)
        return self.process.peak_bytes


def write_config(folder: Path, steps: int = STEPS) -> Path:
    """The config file of the workload."""
    data = config_file.to_data(demo.prepare("cities"))
    data |= {"baselines": False, "name": "bench"}
    data["training"] |= {"eval_strategy": "no", "save_strategy": "no", "max_steps": steps, "logging_steps": EVERY}
    file = folder / "bench.yaml"
    file.write_text(config_file.to_yaml(config_file.validate(data)), encoding="utf-8")
    return file


def train_on_monitor(config: Path, runs: Path, command: list[str], environment: dict[str, str]) -> Training:
    """Train with the Monitor open in a terminal of its own."""
    app = OnTerminal([*command, "train", str(config), "--tui", "--runs", str(runs)], environment)
    return Training(app, lambda: _steps(runs), lambda: _is_over(runs), CTRL_Q)


def train_plainly(config: Path, folder: Path) -> Training:
    """Train the same with a plain script, in a process of its own."""
    data = config_file.load(config).config
    script = Path(__file__).with_name("plain_training.py")
    files = data.data.files or {}
    settings = {"max_steps": STEPS, "logging_steps": EVERY, "learning_rate": data.training.learning_rate}
    log = folder / "plain.jsonl"
    command = [sys.executable, script, data.model.id, files["train"], folder / "plain", json.dumps(settings), log]

    def logged() -> list[tuple[int, float]]:
        return [(entry["step"], entry["t"]) for entry in map(json.loads, lines_of(log))]

    def is_over() -> bool:
        found = logged()
        return bool(found) and found[-1][0] >= STEPS

    return Training(OnTerminal([str(part) for part in command]), logged, is_over, b"")


def training_began(runs: Path) -> float:
    """When the run's first step began, in unix seconds."""
    return next(event.t for event in _events(runs) if isinstance(event, PhaseChanged) and event.phase == "training")


def _steps(runs: Path) -> list[tuple[int, float]]:
    found = _events(runs)
    failed = next((event for event in found if isinstance(event, RunFailed)), None)
    if failed is not None:
        raise RuntimeError(f"the run failed: {failed.title}: {failed.detail}")
    return [(event.step or 0, event.t) for event in found if isinstance(event, StepLogged)]


def _is_over(runs: Path) -> bool:
    return any(isinstance(event, RunFinished) for event in _events(runs))


def _events(runs: Path) -> list[Event]:
    return [event for folder in runs.glob("*") for event in RunReader(folder).read_all()]
