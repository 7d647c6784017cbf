"""`finetui inspect`: plain text in a pipe, JSON for programs, nothing that a terminal obeys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import FinetuiError
from tui.shell.inspect import inspect

ROWS = [("once \x1b[2J[red]upon", "bad"), ("a time", "good"), ("日本語 there", "bad")]


@pytest.fixture
def config(shared: Path, tmp_path: Path, dataset_cache: Path) -> Path:
    (tmp_path / "train.jsonl").write_text("".join(json.dumps({"text": a, "label": b}) + "\n" for a, b in ROWS))
    file = tmp_path / "run.yaml"
    file.write_text(
        f"model: {{id: {shared}/models/bert-tiny-uncased}}\ndata: {{files: {{train: train.jsonl}}}}\n"
        "metrics: []\ntraining: {per_device_train_batch_size: 2}\n"
    )
    return file


def test_a_row_and_a_batch_as_json(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert inspect(config, [], None, 1, None, None, json=True) == 0
    row = json.loads(capfd.readouterr().out)
    (element,) = row["elements"]
    assert (row["task"], row["split"], row["row"]) == ("sequence-classification", "train", 1)
    assert element["pieces"] == ["[CLS]", "a", "time", "[SEP]"]
    assert element["spans"] == [None, [0, 0, 1], [0, 2, 6], None]
    assert element["loss"]["row"] == "good"

    assert inspect(config, [], None, None, 1, None, json=True) == 0
    batch = json.loads(capfd.readouterr().out)
    assert (batch["number"], batch["per_epoch"], len(batch["rows"])) == (1, 2, 1)
    assert {tensor["name"] for tensor in batch["tensors"]} >= {"input_ids", "attention_mask", "labels"}


def test_a_pipe_gets_plain_text(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert inspect(config, [], None, None, None, None, json=False) == 0
    shown = capfd.readouterr().out
    assert "train row 0 of 3" in shown
    assert "label of the row: bad" in shown
    assert "once ␛[2J[red]upon" in shown
    assert "⟨[CLS]⟩│once│" in shown

    assert inspect(config, [], None, None, None, "hi\tyou", json=False) == 0
    shown += capfd.readouterr().out
    assert "typed text" in shown
    assert "text 2: you" in shown

    assert inspect(config, ["training.per_device_train_batch_size=3"], None, None, 0, None, json=False) == 0
    shown += capfd.readouterr().out
    assert "train batch 0 of 1 per epoch · 3 elements shuffled with seed 42 · none cut" in shown
    assert "input_ids · int64 · 3×" in shown
    assert "\x1b" not in shown


def test_what_is_not_there_is_said(config: Path) -> None:
    with pytest.raises(FinetuiError, match="no row 3"):
        inspect(config, [], None, 3, None, None, json=False)
    with pytest.raises(FinetuiError, match="no split test"):
        inspect(config, [], "test", None, None, None, json=False)
    with pytest.raises(FinetuiError, match="do not go together"):
        inspect(config, [], None, 1, 1, None, json=False)
