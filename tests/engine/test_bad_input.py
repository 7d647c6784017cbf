"""Bad input: three lines, exit code 2, nothing trained."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.training import engine

ROWS = [{"text": f"row {index}", "label": index % 2} for index in range(8)]


def write(path: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"data": {"files": {"train": str(path)}}}


def relabel(*labels: Any) -> list[dict[str, Any]]:
    return [{"text": "x", "label": label} for label in labels]


CASES: dict[str, tuple[Callable[[Path], dict[str, Any]], str, str]] = {
    "missing file": (lambda p: {"data": {"files": {"train": str(p / "none.csv")}}}, "none.csv", "folder holds"),
    "no rows": (lambda p: write(p / "t.jsonl", []), "no rows", ""),
    "unknown column": (
        lambda p: {"data": {**write(p / "t.jsonl", ROWS)["data"], "columns": {"text": "txt"}}},
        "txt",
        "text",
    ),
    "no column for a role": (lambda p: write(p / "t.jsonl", [{"a": 1, "b": 2}]), "", "data.columns"),
    "unknown split": (
        lambda p: {"data": {**write(p / "t.jsonl", ROWS)["data"], "train_split": "trian"}},
        "trian",
        "train",
    ),
    "one class": (lambda p: write(p / "t.jsonl", relabel(1, 1, 1)), "every row has the same label", "two classes"),
    "label -1": (lambda p: write(p / "t.jsonl", relabel(0, 1, -1)), "outside the range: -1", "hidden test sets"),
    "label missing": (lambda p: write(p / "t.jsonl", relabel(0, 1, None)), "1 of 3 rows have no label", "drop"),
    "label outside": (
        lambda p: {"data": {**write(p / "t.jsonl", relabel(0, 1, 7))["data"], "labels": 2}},
        "outside the range: 7",
        "data.labels",
    ),
    "unknown training argument": (
        lambda p: {**write(p / "t.jsonl", ROWS), "training": {"learning_rat": 1}},
        "unknown training argument `learning_rat`",
        "learning_rate",
    ),
    "older training argument": (
        lambda p: {**write(p / "t.jsonl", ROWS), "training": {"evaluation_strategy": "epoch"}},
        "unknown training argument `evaluation_strategy`",
        "eval_strategy",
    ),
    "evaluation without a split": (
        lambda p: {**write(p / "t.jsonl", ROWS), "training": {"eval_strategy": "epoch"}},
        "nothing to evaluate on",
        "data.eval_fraction",
    ),
    "unknown metric": (lambda p: {**write(p / "t.jsonl", ROWS), "metrics": ["acuracy"]}, "acuracy", "accuracy"),
    "no model folder": (
        lambda p: {**write(p / "t.jsonl", ROWS), "model": {"id": str(p / "no-model")}},
        "no model folder",
        "model.id",
    ),
    "unknown lora option": (
        lambda p: {**write(p / "t.jsonl", ROWS), "method": {"kind": "lora", "lora_alhpa": 3}},
        "lora_alhpa",
        "lora_alpha",
    ),
    "no cache for a prefix": (
        lambda p: {
            **write(p / "t.jsonl", ROWS),
            "method": {"kind": "prefix-tuning"},
            "training": {"activation_checkpointing": True},
        },
        "prefix tuning does not work with activation checkpointing",
        "another method",
    ),
    "an adapter on nothing": (
        lambda p: {
            **write(p / "t.jsonl", ROWS),
            "model": {"from_config": {"model_type": "bert"}, "tokenizer": "t"},
            "method": {"kind": "lora"},
        },
        "a frozen base needs a checkpoint",
        "model.id",
    ),
    "no such position": (
        lambda p: {"data": {**write(p / "t.jsonl", ROWS)["data"], "max_length": 4000}},
        "no position 4000",
        "512",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_three_lines(case: str, shared: Path, tmp_path: Path, new_folder: Any) -> None:
    make, title, hint = CASES[case]
    base = {"model": {"id": str(shared / "models/bert-tiny-uncased")}}
    config = config_file.validate({**base, **make(tmp_path)})
    folder = new_folder(config)

    outcome = engine.run(config, folder)

    assert isinstance(outcome, events.RunFailed)
    assert outcome.exit_code == 2, outcome.traceback
    assert title in outcome.title
    assert outcome.detail
    assert hint in outcome.hint
    assert not folder.model.exists()


@pytest.mark.parametrize("model", ["bert-tiny-uncased", "stories260K"])
def test_a_model_folder_without_tokenizer(model: str, shared: Path, tmp_path: Path, new_folder: Any) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(shared / "models" / model / name, tmp_path / name)
    config = config_file.validate({"model": {"id": str(tmp_path)}, **write(tmp_path / "t.jsonl", ROWS)})
    outcome = engine.run(config, new_folder(config))
    assert isinstance(outcome, events.RunFailed)
    assert outcome.exit_code == 2
    assert "has no tokenizer" in outcome.title


def test_lora_modules_that_match_nothing_name_those_that_would(shared: Path, tmp_path: Path, new_folder: Any) -> None:
    config = config_file.validate(
        {
            "model": {"id": str(shared / "models/bert-tiny-uncased")},
            "method": {"kind": "lora", "target_modules": ["q_proj"]},
            **write(tmp_path / "t.jsonl", ROWS),
        }
    )
    outcome = engine.run(config, new_folder(config))
    assert isinstance(outcome, events.RunFailed)
    assert outcome.exit_code == 2
    assert "query" in outcome.hint


def test_a_defect_keeps_its_traceback(mrpc: Any, new_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.data import sources

    def defect(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(sources, "load", defect)
    config = mrpc()
    outcome = engine.run(config, new_folder(config))
    assert isinstance(outcome, events.RunFailed)
    assert outcome.exit_code == 1
    assert "ZeroDivisionError: planted" in outcome.title
    assert "in defect" in outcome.traceback


def test_out_of_memory_says_what_to_lower(mrpc: Any, new_folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from core.training import trainer

    class FakeOutOfMemory:
        def train(self, **_: object) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr(trainer, "build", lambda *_: FakeOutOfMemory())
    config = mrpc()
    outcome = engine.run(config, new_folder(config))
    assert isinstance(outcome, events.RunFailed)
    assert (outcome.title, outcome.exit_code) == ("out of memory", 1)
    assert "per_device_train_batch_size" in outcome.hint
