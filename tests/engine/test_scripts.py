"""A run written as a plain script gives the run's losses and metrics."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.errors import FinetuiError
from core.runs import layout
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.scripts import export
from core.training import engine

RUNNER = Path(__file__).parent / "run_scripts.py"
SMALL = {"per_device_train_batch_size": 8, "logging_steps": 1, "save_strategy": "no"}


TWO_BATCHES = {**SMALL, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 2, "num_train_epochs": 1}
OWN = """
from torch.nn.functional import cross_entropy


def focal(outputs, labels, num_items_in_batch=None):
    certain = outputs["logits"].softmax(-1).gather(-1, labels[:, None]).detach()[:, 0]
    return ((1 - certain) ** 2 * cross_entropy(outputs["logits"], labels, reduction="none")).mean()


def summed(outputs, labels, num_items_in_batch=None):
    loss = cross_entropy(outputs["logits"], labels, reduction="sum")
    return loss / (len(labels) if num_items_in_batch is None else num_items_in_batch)


def doubled(outputs, labels, num_items_in_batch=None):
    return 2 * cross_entropy(outputs["logits"].flatten(0, 1), labels.flatten())


def agreement(predictions, references):
    assert all(isinstance(value, int) for value in predictions)
    return {"same": sum(a == b for a, b in zip(predictions, references)), "rows": len(references)}
"""


def configs(shared: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """Runs of a second or two, each with something of its own that a script must not forget."""
    bert, llama = ({"id": str(shared / "models" / name)} for name in ("bert-tiny-uncased", "stories260K"))
    own = folder / "own.py"
    own.write_text(OWN)
    for split in ("train", "validation"):
        with (shared / f"data/mrpc/{split}.jsonl").open() as lines:
            rows = [json.loads(line) for line in itertools.islice(lines, 24)]
        for name, change in (
            ("labelled", lambda row: {"label": [["odd", "long", "a"][index] for index in range(row["idx"] % 4)]}),
            ("pairs", lambda row: {"label": None}),
            ("valued", lambda row: {"label": row["label"] * 3.5 + row["idx"] % 2}),
        ):
            changed = [{**row, **change(row)} for row in rows]
            changed = [{key: value for key, value in row.items() if value is not None} for row in changed]
            (folder / f"{name}-{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in changed))

    def written(name: str, **more: Any) -> dict[str, Any]:
        splits = {split: str(folder / f"{name}-{split}.jsonl") for split in ("train", "validation")}
        return {"files": splits, "max_length": 48, **more}

    def files(name: str, **more: Any) -> dict[str, Any]:
        folder = shared / "data" / name
        return {
            "files": {split: str(folder / f"{split}.jsonl") for split in ("train", "validation")},
            "limit": {"train": 40, "validation": 16},
            **more,
        }

    return {
        "classification": {
            "model": bert,
            "data": files("mrpc", max_length=64),
            "training": {**SMALL, "num_train_epochs": 2, "eval_strategy": "epoch", "learning_rate": 1e-3},
        },
        "few-bits": {
            "model": {**bert, "quantization": "nf4"},
            "data": files("mrpc", max_length=48),
            "method": {"kind": "lora"},
            "training": {**SMALL, "num_train_epochs": 1, "eval_strategy": "epoch", "learning_rate": 1e-3},
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
            "training": {**SMALL, "max_steps": 6, "learning_rate": 1e-3, "eval_strategy": "epoch",
                         "train_sampling_strategy": "group_by_length", "batch_eval_metrics": True},
        },
        "language": {
            "task": "causal-lm",
            "model": llama,
            "data": {
                "id": str(shared / "data/gsm8k/train.jsonl"), "limit": {"train": 20}, "eval_fraction": 0.2,
                "columns": {"prompt": "question", "completion": "answer"}, "max_length": 448,
            },
            "method": {"kind": "lora", "r": 4, "target_modules": ["q_proj", "v_proj"]},
            "training": {
                **SMALL, "per_device_train_batch_size": 1, "gradient_accumulation_steps": 3, "max_steps": 4,
                "learning_rate": 1e-2, "eval_strategy": "steps", "eval_steps": 3,
                "lr_scheduler_type": "cosine", "warmup_steps": 0.4,
            },
        },
        "packed": {
            "task": "causal-lm",
            "model": llama,
            "data": {"files": {"train": str(shared / "data/tinyshakespeare/input.txt")}, "limit": {"train": 40},
                     "eval_fraction": 0.2, "max_length": 32, "packing": True},
            "method": {"kind": "prompt-tuning", "num_virtual_tokens": 4},
            "training": {**SMALL, "per_device_train_batch_size": 2, "num_train_epochs": 1, "eval_strategy": "epoch"},
        },
        "patient": {
            "model": bert,
            "data": {**files("mrpc", max_length=48, limit={"train": 16, "validation": 16}), "eval_split": "train"},
            "early_stopping": {"patience": 2, "threshold": 10.0},
            "training": {**SMALL, "num_train_epochs": 6, "eval_strategy": "epoch", "save_strategy": "epoch"},
        },
        "batches": {
            "model": bert,
            "data": files("mrpc", max_length=48, limit={"train": 27, "validation": 10}),
            "training": {**TWO_BATCHES, "eval_strategy": "epoch", "learning_rate": 1e-3},
            "metrics": ["glue/mrpc", "f1_macro", "exact_match", f"{own}:agreement"],
        },
        "weights": {
            "model": bert,
            "data": files("mrpc", max_length=48, limit={"train": 27, "validation": 10}),
            "training": {**TWO_BATCHES, "eval_strategy": "epoch"},
            "class_weights": [3.0, 0.5],
        },
        "own-loss": {
            "model": bert,
            "data": files("mrpc", max_length=48, limit={"train": 27, "validation": 10}),
            "training": {**TWO_BATCHES, "eval_strategy": "epoch"},
            "loss": f"{own}:focal",
        },
        "own-sum": {
            "model": bert,
            "data": files("mrpc", max_length=48, limit={"train": 27, "validation": 10}),
            "training": {**TWO_BATCHES, "eval_strategy": "epoch"},
            "loss": f"{own}:summed",
        },
        "labels": {
            "model": bert,
            "data": written("labelled", columns={"text": "sentence1"}),
            "training": {**TWO_BATCHES, "num_train_epochs": 2, "eval_strategy": "epoch", "learning_rate": 1e-3},
        },
        "numbers": {
            "model": bert,
            "data": written("valued"),
            "training": {**TWO_BATCHES, "num_train_epochs": 2, "eval_strategy": "epoch", "learning_rate": 1e-3},
            "metrics": ["glue/stsb", "mae", "mse", "spearman"],
        },
        "sounds": {
            "task": "seq2seq-lm",
            "model": {"id": str(shared / "models/bart-g2p-en-us")},
            "data": {
                "id": str(shared / "data/g2p_en/us_train.jsonl"), "limit": {"train": 44}, "eval_fraction": 0.2,
                "max_target_length": 12,
            },
            "training": {**TWO_BATCHES, "eval_strategy": "epoch", "generation_num_beams": 2},
            "metrics": ["exact_match", "chrf", "bleu", "rouge1", "rougeL", "perplexity"],
        },
        "own-sounds": {
            "task": "seq2seq-lm",
            "model": {"id": str(shared / "models/bart-g2p-en-us")},
            "data": {"id": str(shared / "data/g2p_en/us_train.jsonl"), "limit": {"train": 44}, "eval_fraction": 0.2},
            "training": {**TWO_BATCHES, "eval_strategy": "epoch", "generation_max_length": 12},
            "metrics": ["exact_match"],
            "loss": f"{own}:doubled",
        },
        "masks": {
            "task": "masked-lm",
            "model": bert,
            "data": {"id": str(shared / "data/mrpc/train.jsonl"), "columns": {"text": "sentence1"}, "packing": True,
                     "limit": {"train": 30}, "eval_fraction": 0.3, "max_length": 32, "mask_probability": 0.2},
            "training": {**TWO_BATCHES, "num_train_epochs": 2, "eval_strategy": "epoch"},
        },
        "vectors": {
            "task": "feature-extraction",
            "model": bert,
            "data": written("pairs"),
            "training": {**SMALL, "per_device_train_batch_size": 6, "num_train_epochs": 1, "eval_strategy": "epoch",
                         "learning_rate": 1e-3, "batch_sampler": "no_duplicates"},
        },
        "talk": {
            "task": "chat",
            "model": {**llama, "chat_template": "plain"},
            "data": {"id": str(shared / "data/llama_factory_demo/alpaca_en_demo.json"), "limit": {"train": 30},
                     "eval_fraction": 0.2, "max_length": 96},
            "training": {**TWO_BATCHES, "per_device_train_batch_size": 2, "eval_strategy": "epoch"},
        },
        "wishes": {
            "task": "preference",
            "model": {**llama, "chat_template": "plain"},
            "data": {"id": str(shared / "data/llama_factory_demo/dpo_en_demo.json"), "limit": {"train": 12},
                     "eval_fraction": 0.2, "max_length": 96},
            "training": {**SMALL, "per_device_train_batch_size": 2, "num_train_epochs": 1, "eval_strategy": "epoch",
                         "learning_rate": 1e-4},
        },
    }  # fmt: skip


STYLES = {"classification": export.STYLES, "few-bits": export.STYLES, "entities": ("trainer", "loop"),
          "answers": ("trainer",),
          "language": export.STYLES, "packed": export.STYLES, "patient": export.STYLES,
          "batches": export.STYLES, "weights": export.STYLES, "own-loss": ("trainer",),
          "own-sum": ("loop",), "own-sounds": export.STYLES,
          "labels": export.STYLES, "numbers": export.STYLES, "sounds": export.STYLES,
          "masks": export.STYLES, "vectors": ("trainer",), "talk": export.STYLES, "wishes": ("trainer",)}  # fmt: skip
OF_TRL = ("eval_entropy", "eval_mean_token_accuracy")
"""What the SFTTrainer reports of itself; a loop does not."""


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
    for name, data in configs(shared, root).items():
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

    if name == "language":
        assert losses == scripts.losses[name], "one more rounding would be seen"
    assert losses == pytest.approx(scripts.losses[name], abs=1e-6)
    assert len(losses) > 3
    expected = {key: value for key, value in scripts.metrics[name].items() if style != "loop" or key not in OF_TRL}
    assert {key: metrics[key] for key in expected} == pytest.approx(expected, abs=1e-6, rel=1e-6)
    assert any(key not in ("eval_loss", "eval_runtime") for key in expected)


def test_no_script_imports_finetui(scripts: Scripts) -> None:
    assert scripts.loaded == []


@pytest.mark.parametrize("style", export.STYLES)
def test_the_script_of_a_bf16_run_on_a_cpu_asks_for_the_cpu(style: Any, shared: Path, tmp_path: Path) -> None:
    """Without that transformers refuses bf16 there. It runs by itself: accelerate keeps one number format a process."""
    data = configs(shared, tmp_path)["classification"]
    limit = {**data["data"], "limit": {"train": 8, "validation": 8}}
    training = {**SMALL, "max_steps": 1, "eval_strategy": "epoch", "bf16": True}
    config = config_file.validate(
        {"name": "half", "metrics": ["accuracy"], **data, "data": limit, "training": training}
    )
    script = export.save(export.script(config, style), tmp_path, "half")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "eval_accuracy" in done.stdout


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"data": {"damaged": "keep"}}, "no plain script can read the damaged rows of split train"),
        ({"training": {"lr_scheduler_type": "greedy", "eval_strategy": "no"}}, "no schedule that follows a metric"),
        ({"loss": "own.py:wrapped", "training": {"gradient_accumulation_steps": 2}}, "cannot be told whether wrapped"),
    ],
)
def test_what_no_script_can_do_is_refused(change: dict[str, Any], reason: str, shared: Path, tmp_path: Path) -> None:
    rows = [json.dumps({"text": f"row {number}", "label": number % 2}) for number in range(8)]
    damage = "{broken\n" if "data" in change else ""
    (tmp_path / "train.jsonl").write_text("\n".join(rows) + "\n" + damage)
    (tmp_path / "own.py").write_text(
        "import functools\n\n@functools.cache\ndef wrapped(outputs, labels, **more):\n    ...\n"
    )
    plain: dict[str, Any] = {
        "model": {"id": str(shared / "models/bert-tiny-uncased")},
        "data": {"id": str(tmp_path / "train.jsonl")},
    }
    if "loss" in change:
        change = {**change, "loss": str(tmp_path / change["loss"])}
    merged = {**plain, **change, "data": {**plain["data"], **change.get("data", {})}}

    with pytest.raises(FinetuiError, match=reason):
        export.script(config_file.validate({"metrics": [], **merged}), "loop" if "follows" in reason else None)
