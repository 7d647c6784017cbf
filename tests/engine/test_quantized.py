"""A base in 8 or 4 bits under an adapter: trained, taken up, saved, loaded and merged, on this machine's own device."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from core import config_file, events, inference, models
from core.config import RunConfig
from core.methods import quantized
from core.methods.settle import on_meta
from core.runs import layout
from core.runs.reader import RunReader
from core.training import engine, prepare, trainer

pytest.importorskip("bitsandbytes", reason="the extra `quantize` is not installed")

LAYER = {"int8": "Linear8bitLt", "nf4": "Linear4bit"}
INPUTS = {"input_ids": torch.tensor([[5, 6, 7, 8]]), "attention_mask": torch.ones(1, 4, dtype=torch.long)}


@pytest.fixture
def few_bits(shared: Path) -> Callable[..., RunConfig]:
    """A short run of LoRA on a quantized model."""

    def make(task: str, quantization: str, **training: Any) -> RunConfig:
        classifies = task == "sequence-classification"
        model, rows = ("bert-tiny-uncased", "mrpc") if classifies else ("stories260K", "gsm8k")
        columns = {} if classifies else {"columns": {"prompt": "question", "completion": "answer"}}
        files = {split: str(shared / f"data/{rows}/{split}.jsonl") for split in ("train", "test")}
        limit = {"train": 48, "test": 16}
        return config_file.validate(
            {
                "task": task,
                "model": {"id": str(shared / "models" / model), "quantization": quantization},
                "data": {"files": files, "eval_split": "test", "limit": limit, "max_length": 256, **columns},
                "method": {"kind": "lora", "r": 8},
                "training": {
                    "num_train_epochs": 1,
                    "per_device_train_batch_size": 4,
                    "learning_rate": 3e-3,
                    "logging_steps": 1,
                    "eval_strategy": "epoch",
                    "save_strategy": "no",
                    **training,
                },
                "samples": {"rows": 1, "max_new_tokens": 4},
            }
        )

    return make


def losses(run: Path) -> dict[int | None, float]:
    logged = [event for event in RunReader(run).read_all() if isinstance(event, events.StepLogged)]
    return {event.step: event.metrics["loss"] for event in logged if "loss" in event.metrics}


@pytest.mark.parametrize("kind", LAYER)
@pytest.mark.parametrize("task", ["sequence-classification", "causal-lm"])
def test_an_adapter_learns_on_few_bits_and_comes_back(
    task: str, kind: str, few_bits: Any, new_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[Any] = []
    build = trainer.build
    monkeypatch.setattr(trainer, "build", lambda *given: trained.append(given[1].model) or build(*given))
    config = few_bits(task, kind)
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    found = [*losses(folder.path).values()]
    assert all(map(math.isfinite, found))
    if task == "causal-lm":
        assert sum(found[-3:]) < sum(found[:3]) - 0.3
    notices = [event.message for event in RunReader(folder.path).read_all() if isinstance(event, events.Notice)]
    assert not any("failed" in notice for notice in notices), notices

    loaded = inference.load(folder.path)._model
    held = [name for name, module in loaded.named_modules() if type(module).__name__ == LAYER[kind]]
    assert held
    assert not any("classifier" in name or "lm_head" in name for name in held)
    with torch.no_grad():
        assert torch.allclose(loaded(**INPUTS).logits, trained[-1].eval()(**INPUTS).logits, atol=1e-5)


def test_a_run_on_few_bits_is_taken_up_exactly(few_bits: Any, new_folder: Any) -> None:
    whole = few_bits("causal-lm", "nf4", max_steps=6)
    folder = new_folder(whole)
    engine.run(whole, folder)
    parts = few_bits("causal-lm", "nf4", max_steps=6, save_strategy="steps", save_steps=3)
    other = new_folder(parts)
    engine.run(parts, other)
    resumed = [path for path in sorted(other.checkpoints.iterdir()) if path.name != "checkpoint-3"]
    for path in resumed:
        for file in sorted(path.rglob("*"), reverse=True):
            file.unlink()
        path.rmdir()
    (other.path / "events.jsonl").write_text(
        "".join(
            line for line in (other.path / "events.jsonl").read_text().splitlines(True) if "run_finished" not in line
        )
    )
    outcome = engine.run(parts, other, resume=True)
    assert isinstance(outcome, events.RunFinished), outcome
    assert losses(other.path) == losses(folder.path)


@pytest.mark.parametrize("kind", LAYER)
def test_what_few_bits_save_is_known_before_they_are_loaded(kind: str, few_bits: Any) -> None:
    config = few_bits("sequence-classification", kind)
    checked = prepare.check(config)
    bare = on_meta(config.model, checked.task, checked.architecture)
    whole = sum(parameter.numel() * 4 for parameter in bare.parameters())
    loaded, _ = models.load_model(config.model, checked.task, checked.tokenizer, checked.precision)
    tensors = {tensor.data_ptr(): tensor for tensor in loaded.state_dict().values()}  # tied ones once
    held = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    assert held < 0.95 * whole  # most of it are embeddings
    assert quantized.saved(bare, kind) == pytest.approx(whole - held, rel=0.03)


def test_a_base_that_is_named_by_another_path_is_held_in_few_bits_too(
    few_bits: Any, new_folder: Any, tmp_path: Path
) -> None:
    """A config that is read again has its links followed; PEFT writes down the path as it was given."""
    config = few_bits("sequence-classification", "nf4", max_steps=1, eval_strategy="no")
    link = tmp_path / "link"
    link.symlink_to(config.model.id)
    data = config_file.to_data(config)
    data["model"]["id"] = str(link)
    linked = config_file.validate(data)
    folder = new_folder(linked)
    assert isinstance(engine.run(linked, folder), events.RunFinished)
    assert config_file.load(folder.path / layout.CONFIG).config.model.id != str(link)
    held = [type(module).__name__ for module in inference.load(folder.path)._model.modules()]
    assert LAYER["nf4"] in held
