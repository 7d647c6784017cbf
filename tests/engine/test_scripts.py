"""A run written as a plain script gives the run's losses and metrics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.runs import layout
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.scripts import export
from core.training import engine

RUNNER = Path(__file__).parent / "run_scripts.py"
SMALL = {"per_device_train_batch_size": 8, "logging_steps": 1, "save_strategy": "no"}


def configs(shared: Path) -> dict[str, dict[str, Any]]:
    """Runs of a second or two, each with something of its own that a script must not forget."""
    bert, llama = ({"id": str(shared / "models" / name)} for name in ("bert-tiny-uncased", "stories260K"))

    def files(name: str, **more: Any) -> dict[str, Any]:
        folder = shared / "data" / name
        return {
            "files": {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")},
            "limit": {"train": 48, "validation": 20},
            **more,
        }

    return {
        "classification": {
            "model": bert,
            "data": files("mrpc", max_length=64),
            "training": {**SMALL, "num_train_epochs": 2, "eval_strategy": "epoch", "learning_rate": 1e-3},
        },
        "entities": {
            "task": "token-classification",
            "model": bert,
            "data": files("wnut17", max_length=48),
            "method": {"kind": "freeze", "layers": 1},
            "training": {
                **SMALL, "num_train_epochs": 2, "eval_strategy": "epoch", "save_strategy": "epoch",
                "load_best_model_at_end": True, "weight_decay": 0.1, "learning_rate": 2e-3,
            },
        },
        "answers": {
            "task": "question-answering",
            "model": bert,
            "data": {
                "id": str(shared / "data/squad_v1_dev/squad_v1_dev.jsonl"), "limit": {"train": 40},
                "eval_fraction": 0.3, "max_length": 128, "stride": 32,
            },
            "training": {**SMALL, "max_steps": 6, "learning_rate": 1e-3, "eval_strategy": "epoch"},
        },
        "language": {
            "task": "causal-lm",
            "model": llama,
            "data": {
                "id": str(shared / "data/gsm8k/train.jsonl"), "limit": {"train": 40}, "eval_fraction": 0.2,
                "columns": {"prompt": "question", "completion": "answer"}, "max_length": 448,
            },
            "method": {"kind": "lora", "r": 4, "target_modules": ["q_proj", "v_proj"]},
            "training": {
                **SMALL, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 3, "max_steps": 5,
                "learning_rate": 1e-2, "eval_strategy": "steps", "eval_steps": 3,
                "lr_scheduler_type": "cosine", "warmup_steps": 0.4,
            },
        },
    }  # fmt: skip


STYLES = {"classification": export.STYLES, "entities": ("trainer", "loop"), "answers": ("trainer",),
          "language": export.STYLES}  # fmt: skip


@dataclass(frozen=True)
class Scripts:
    """What runs ended with, and the folder in which their scripts have run."""

    folder: Path
    losses: dict[str, list[float]]
    metrics: dict[str, dict[str, float]]
    loaded: list[str]


@pytest.fixture(scope="module")
def scripts(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Scripts:
    """Trains every run, writes its scripts, and runs them without finetui."""
    root = tmp_path_factory.mktemp("scripts")
    out = root / "out"
    losses, metrics = {}, {}
    for name, data in configs(shared).items():
        config = config_file.validate({"name": name, "samples": {"rows": 0}, **data})
        folder = RunFolder.create(root / "runs", config)
        outcome = engine.run(config, folder)
        assert isinstance(outcome, events.RunFinished), outcome
        logged = [event for event in RunReader(folder.path).read_all() if isinstance(event, events.StepLogged)]
        losses[name] = [event.metrics["loss"] for event in logged if "loss" in event.metrics]
        metrics[name] = outcome.metrics
        resolved = config_file.load(folder.path / layout.CONFIG).config
        for style in STYLES[name]:
            named = resolved.model_copy(update={"name": f"{name}-{style}"})
            export.save(export.script(named, style), out, f"{name}-{style}")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", str(RUNNER), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root)
    assert done.returncode == 0, done.stderr[-3000:]
    return Scripts(out, losses, metrics, json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(("name", "style"), [(name, style) for name in STYLES for style in STYLES[name]])
def test_a_script_gives_the_losses_and_metrics_of_its_run(name: str, style: str, scripts: Scripts) -> None:
    folder = scripts.folder / f"{name}-{style}"
    if style == "loop":
        history = json.loads((folder / "history.json").read_text())
    else:
        history = json.loads((folder / "trainer_state.json").read_text())["log_history"]
    losses = [entry["loss"] for entry in history if "loss" in entry]
    printed = (scripts.folder / f"{name}-{style}.out").read_text()
    metrics = json.loads(printed[printed.rindex("{") :])

    assert losses == pytest.approx(scripts.losses[name], abs=1e-6)
    assert len(losses) > 4
    expected = scripts.metrics[name]
    assert {key: metrics[key] for key in expected} == pytest.approx(expected, abs=1e-6, rel=1e-6)
    assert any(key not in ("eval_loss", "eval_runtime") for key in expected)


def test_no_script_imports_finetui(scripts: Scripts) -> None:
    assert scripts.loaded == []
