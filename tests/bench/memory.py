"""The memory estimate beside the memory that a training took, on the CPU.

Estimate: the memory that `finetui check` prints: weights, gradients, optimizer state, activations of the longest batch,
gaps in the heap and what the runtime takes, from the architecture alone. Measured, with the engine's settings of the
allocator: the resident memory of a fresh process that loads the model and trains on that batch (memory_run.py), before
the model and at the most.

Two ratios, of the two figures that are shown: of the training alone, estimate / (most - before); and with the process,
(before + estimate) / most, which says whether it fits the machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from core import config_file
from core.demo import cities
from tests.bench.measure import Measurement

SHARED = Path(__file__).resolve().parents[3] / "shared"
GOAL = 0.15
REPEATS = 3
"""The same training takes more or less from one process to the next (1.35 to 2.05 GB of stories15M): the median."""
METHODS: dict[str, dict[str, Any]] = {"full": {"kind": "full"}, "LoRA": {"kind": "lora", "r": 8}}


def memory() -> list[Measurement]:
    """Estimate over measured of three models, full and LoRA."""
    found = []
    with tempfile.TemporaryDirectory() as home:
        for name, sections in _workloads().items():
            for method, options in METHODS.items():
                file = Path(home) / "run.yaml"
                config = config_file.validate({**sections, "method": options})
                file.write_text(config_file.to_yaml(config), encoding="utf-8")
                estimated = _estimate(file)
                measured = sorted(
                    (_measured(file) for _ in range(REPEATS)), key=lambda one: one["peak"] - one["before"]
                )
                middle = measured[REPEATS // 2]
                found += _compare(f"{name}, {method}", estimated, middle["before"], middle["peak"])
    return found


def _measured(file: Path) -> dict[str, int]:
    """Bytes before the model, and at the most."""
    found: dict[str, int] = json.loads(_output("-m", "tests.bench.memory_run", str(file)).splitlines()[-1])
    return found


def _compare(what: str, estimated: int, before: int, peak: int) -> list[Measurement]:
    mib = 2**20
    print(
        f"  {what}: before {before / mib:.0f} MiB, at the most {peak / mib:.0f}, estimate {estimated / mib:.0f}",
        file=sys.stderr,
        flush=True,
    )
    whole, alone = (before + estimated) / peak, estimated / (peak - before)
    goal = f"{1 - GOAL:.2f} to {1 + GOAL:.2f}"
    return [
        Measurement(f"memory, estimate over measured, process, {what}", whole, "times", goal, abs(whole - 1) <= GOAL),
        Measurement(f"memory, estimate over measured, training, {what}", alone, "times", goal, abs(alone - 1) <= GOAL),
    ]


def _estimate(file: Path) -> int:
    report = json.loads(_output("-m", "tui", "check", "--no-trial", "--json", str(file)).splitlines()[-1])
    return int(report["cost"]["memory_bytes"])


def _output(*command: str) -> str:
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True).stdout


def _workloads() -> dict[str, dict[str, Any]]:
    minilm = cities.model()
    pairs = {"files": {"train": str(SHARED / "data/mrpc/train.jsonl")}, "max_length": 128}
    sums = {"files": {"train": str(SHARED / "data/gsm8k/train.jsonl")}, "max_length": 256, "limit": {"train": 1000}}
    return {
        "bert-tiny": _run("sequence-classification", SHARED / "models/bert-tiny-uncased", pairs, 16),
        "MiniLM": _run("sequence-classification", minilm, pairs, 16),
        "stories15M": _run("causal-lm", SHARED / "models/stories15M", sums, 8),
    }


def _run(task: str, model: Path | str, data: dict[str, Any], batch: int) -> dict[str, Any]:
    training = {"per_device_train_batch_size": batch}
    return {"task": task, "model": {"id": str(model), "dtype": "float32"}, "data": data, "training": training}
