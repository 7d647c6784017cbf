"""A run gives, digit for digit, what a plain Trainer script gives."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core import events
from core.runs.reader import RunReader
from core.training import engine

SCRIPT = Path(__file__).parent / "plain_classifier.py"
SETTINGS: dict[str, dict[str, Any]] = {
    "dropout, evaluation and checkpoints": {"eval_strategy": "epoch", "save_strategy": "epoch"},
    "cosine, warm-up, accumulation": {
        "gradient_accumulation_steps": 2,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 4,
        "weight_decay": 0.01,
    },
}


def plain(shared: Path, output: Path, training: dict[str, Any]) -> dict[str, Any]:
    mrpc = shared / "data/mrpc"
    command = [SCRIPT, shared / "models/bert-tiny-uncased", mrpc / "train.jsonl", mrpc / "validation.jsonl", output]
    done = subprocess.run(
        [sys.executable, *map(str, command), json.dumps(training)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_losses_and_metrics_equal_those_of_a_plain_script(
    settings: dict[str, Any], shared: Path, tmp_path: Path, mrpc: Any, new_folder: Any
) -> None:
    training = {
        "per_device_train_batch_size": 16,
        "learning_rate": 2e-4,
        "logging_steps": 1,
        "num_train_epochs": 2,
        "seed": 7,
        **settings,
    }
    expected = plain(shared, tmp_path / "plain", training)
    config = mrpc(**training)
    folder = new_folder(config)

    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFinished), outcome
    logged = [event for event in RunReader(folder.path).read_all() if isinstance(event, events.StepLogged)]
    for name in ("loss", "grad_norm", "learning_rate"):
        assert [event.metrics[name] for event in logged] == [
            entry[name] for entry in expected["history"] if "loss" in entry
        ], name
    for name in ("eval_loss", "eval_accuracy", "eval_f1"):
        assert outcome.metrics[name] == expected["final"][name], name
