"""What the Monitor costs a training: steps a second and peak memory, beside a plain script."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.bench.measure import Measurement
from tests.bench.workload import Training, train_on_monitor, train_plainly, write_config

PAIRS = 5
GOAL_SPEED = 0.98
GOAL_MIB = 80 * 10**6 / 2**20
SLICE_SECONDS = 2.0
"""The two of a pair take turns of so many seconds: a shared machine changes its speed within a minute, and one after
the other would measure that."""


@dataclass(slots=True)
class Turns:
    """One of a pair, and when it had the machine to itself."""

    training: Training
    spans: list[tuple[float, float]] = field(default_factory=list)

    def take(self) -> None:
        """One turn."""
        begun = time.time()
        self.training.process.go()
        time.sleep(SLICE_SECONDS)
        self.training.process.hold()
        self.spans.append((begun, time.time()))

    def rate(self) -> float:
        """Steps a second between the first logged step and the last, the other's turns left out."""
        logged = self.training.logged()
        (first_step, first), (last_step, last) = logged[0], logged[-1]
        active = sum(max(0.0, min(end, last) - max(begun, first)) for begun, end in self.spans)
        return (last_step - first_step) / active


def speed_and_memory() -> list[Measurement]:
    """Medians over pairs."""
    rates: list[tuple[float, float]] = []
    memory: list[tuple[int, int]] = []
    with tempfile.TemporaryDirectory() as home:
        config = write_config(Path(home))
        for index in range(PAIRS):
            folder = Path(home) / str(index)
            folder.mkdir()
            finetui = [str(Path(sys.executable).with_name("finetui"))]
            plain = Turns(_held(train_plainly(config, folder)))
            seen = Turns(_held(train_on_monitor(config, folder / "runs", finetui, {"XDG_STATE_HOME": str(folder)})))
            order = [plain, seen] if index % 2 else [seen, plain]
            while any(not turns.training.is_over() for turns in order):
                for turns in order:
                    turns.take()
            rates.append((plain.rate(), seen.rate()))
            for turns in order:
                turns.training.process.go()
            memory.append((plain.training.end(), seen.training.end()))
            print(f"  pair {index + 1}: {rates[-1][0]:.2f} and {rates[-1][1]:.2f} steps/s", file=sys.stderr, flush=True)
    more = median(seen - plain for plain, seen in memory) / 2**20
    speed = median(seen / plain for plain, seen in rates)
    return [
        Measurement("steps per second, plain script", median(plain for plain, _ in rates), "1/s"),
        Measurement("steps per second, Monitor open", median(seen for _, seen in rates), "1/s"),
        Measurement(
            "training speed over the plain script", speed, "times", f"at least {GOAL_SPEED}", speed >= GOAL_SPEED
        ),
        Measurement("peak memory, plain script", median(plain for plain, _ in memory) / 2**20, "MiB"),
        Measurement("peak memory, Monitor open", median(seen for _, seen in memory) / 2**20, "MiB"),
        Measurement("peak memory over the plain script", median(seen / plain for plain, seen in memory), "times"),
        Measurement("memory more than the plain script", more, "MiB", f"at most {GOAL_MIB:.0f}", more <= GOAL_MIB),
    ]


def _held(training: Training) -> Training:
    """It has loaded and taken its first steps, and waits."""
    training.process.wait_until(lambda: bool(training.logged()))
    training.process.hold()
    return training
