"""A run gives, digit for digit, what a plain Trainer script gives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import events
from core.config import RunConfig
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training import engine

SCRIPT = Path(__file__).parent / "plain_classifier.py"
SETTINGS: dict[str, dict[str, Any]] = {
    "dropout, evaluation and checkpoints": {"eval_strategy": "epoch", "save_strategy": "epoch"},
    "cosine, warm-up, accumulation": {
        "gradient_accumulation_steps": 4,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 4,
        "weight_decay": 0.01,
    },
}


@pytest.fixture(scope="module")
def plain(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """What the plain script gives for so many training arguments; each asked once."""
    known: dict[str, dict[str, Any]] = {}

    def run(**training: Any) -> dict[str, Any]:
        told = json.dumps(training)
        if told not in known:
            mrpc = shared / "data/mrpc"
            paths = [shared / "models/bert-tiny-uncased", mrpc / "train.jsonl", mrpc / "validation.jsonl"]
            command = [sys.executable, SCRIPT, *paths, tmp_path_factory.mktemp("plain"), told]
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
            known[told] = json.loads(done.stdout.splitlines()[-1])
        return known[told]

    return run


def run(config: RunConfig, folder: RunFolder) -> tuple[events.RunFinished, list[events.StepLogged]]:
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    said = RunReader(folder.path).read_all()
    return outcome, [event for event in said if isinstance(event, events.StepLogged)]


COMMON: dict[str, Any] = {
    "per_device_train_batch_size": 16,
    "learning_rate": 2e-4,
    "logging_steps": 1,
    "num_train_epochs": 2,
    "seed": 7,
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_losses_and_metrics_equal_those_of_a_plain_script(
    which: str, settings: dict[str, Any], plain: Any, mrpc: Any, new_folder: Any
) -> None:
    """The rows make 19 batches an epoch: the last step of each has three of four, and the last batch is smaller."""
    expected = plain(**COMMON, **settings)
    config = mrpc({"engine": which}, **COMMON, **settings)

    outcome, logged = run(config, new_folder(config))

    for name in ("loss", "grad_norm", "learning_rate"):
        assert [event.metrics[name] for event in logged] == [
            entry[name] for entry in expected["history"] if "loss" in entry
        ], name
    for name in ("eval_loss", "eval_accuracy", "eval_f1"):
        assert outcome.metrics[name] == expected["final"][name], name


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_class_weights_equal_those_of_a_plain_script(which: str, plain: Any, mrpc: Any, new_folder: Any) -> None:
    expected = plain(**COMMON, max_steps=6, class_weights=[3.0, 0.5])
    config = mrpc({"engine": which, "class_weights": [3.0, 0.5]}, **COMMON, max_steps=6)

    outcome, logged = run(config, new_folder(config))

    losses = [entry["loss"] for entry in expected["history"] if "loss" in entry]
    assert [event.metrics["loss"] for event in logged] == pytest.approx(losses, abs=1e-6)
    assert outcome.metrics["eval_loss"] == pytest.approx(expected["final"]["eval_loss"], abs=1e-6)
