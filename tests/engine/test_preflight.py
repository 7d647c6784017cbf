"""What is said before a start: findings with counts and rows, cost without loading weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import config_file
from core.training import preflight
from core.training.preflight import rate


def test_findings_have_counts_and_rows(shared: Path, tmp_path: Path) -> None:
    rows = [{"text": "short", "label": "a"} for _ in range(8)]
    rows += [{"text": "word " * 30, "label": "a"}, {"text": " \t", "label": "b"}]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = config_file.validate(
        {
            "model": {"id": str(shared / "models/bert-tiny-uncased")},
            "data": {"files": {"train": str(tmp_path / "train.jsonl")}, "max_length": 10},
            "training": {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 2, "num_train_epochs": 3},
        }
    )
    report = preflight.check(config, trial=False)
    found = {finding.code: finding for finding in report.findings}
    assert (found["truncated"].count, found["truncated"].rows) == (1, [8])
    assert (found["empty_text"].count, found["empty_text"].rows) == (1, [9])
    uneven = found["class_imbalance"].message
    assert uneven == "the classes are uneven: the largest has 9 of 10 rows (90%), the smallest 1 (10%)"
    assert not report.failed
    assert report.cost["steps"] == 6
    assert report.cost["longest_row_tokens"] == 10


def test_tokens_that_the_tokenizer_does_not_know_are_said(shared: Path, tmp_path: Path) -> None:
    rows = [{"text": "a plain text of nine words, one after another", "label": index % 2} for index in range(60)]

    def found(odd: int) -> list[Any]:
        odd_rows = [{"text": "𒀀 𒀁 𒀂 " * 3, "label": 0}] * odd
        text = "".join(json.dumps(row) + "\n" for row in [*rows, *odd_rows])
        (tmp_path / "train.jsonl").write_text(text)
        config = config_file.validate(
            {
                "model": {"id": str(shared / "models/bert-tiny-uncased")},
                "data": {"files": {"train": str(tmp_path / "train.jsonl")}},
            }
        )
        report = preflight.check(config, trial=False)
        return [finding for finding in report.findings if finding.code == "unknown_token"]

    assert not found(0)
    (finding,) = found(2)
    assert (finding.severity, finding.count, finding.rows) == ("warning", 2, [60, 61])
    assert "of the tokens are unknown to the tokenizer ([UNK]), in 2 of 62 rows" in finding.message


def test_a_column_of_texts_is_no_label(shared: Path, tmp_path: Path) -> None:
    rows = [{"text": f"number {number}", "label": f"text {number}"} for number in range(30)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = config_file.validate(
        {
            "model": {"id": str(shared / "models/bert-tiny-uncased")},
            "data": {"files": {"train": str(tmp_path / "train.jsonl")}},
        }
    )
    report = preflight.check(config, trial=False)
    (finding,) = [finding for finding in report.findings if finding.code == "labels_are_texts"]
    assert report.failed
    assert finding.count == 30
    assert "`label` has 30 different labels in 30 rows" in finding.message


def test_a_head_that_the_checkpoint_lacks_is_said(shared: Path, tmp_path: Path) -> None:
    """This one is an encoder without its masked head: training would begin with random guesses."""
    (tmp_path / "train.txt").write_text("to be or not to be\n" * 4)
    data = {
        "model": {"id": str(shared / "models/bert-tiny-uncased")},
        "data": {"files": {"train": str(tmp_path / "train.txt")}, "max_length": 16},
    }
    report = preflight.check(config_file.validate({"task": "masked-lm", **data}))
    found = {finding.code: finding for finding in report.findings}
    assert found["new_weights"].severity == "warning"
    assert "cls.predictions" in found["new_weights"].message
    assert "masked-lm" in found["new_weights"].hint


@pytest.mark.parametrize(("patience", "idle"), [(1, False), (2, True), (3, True)])
def test_early_stopping_that_cannot_end_the_run(patience: int, idle: bool, shared: Path, tmp_path: Path) -> None:
    """Three evaluations: the first is measured against nothing, and after the last nothing is left to stop."""
    (tmp_path / "train.jsonl").write_text(
        "".join(f'{{"text": "row {n}", "label": "{"ab"[n % 2]}"}}\n' for n in range(8))
    )
    config = config_file.validate(
        {
            "model": {"id": str(shared / "models/bert-tiny-uncased")},
            "data": {"files": {"train": str(tmp_path / "train.jsonl")}, "eval_fraction": 0.5, "max_length": 8},
            "training": {"num_train_epochs": 3, "eval_strategy": "epoch"},
            "early_stopping": {"patience": patience},
        }
    )
    report = preflight.check(config, trial=False)
    assert ("early_stopping_idle" in {finding.code for finding in report.findings}) == idle
    assert report.cost["evaluations"] == 3


@pytest.mark.parametrize(
    ("method", "training", "warned"),
    [
        ("full", {"learning_rate": 0.5}, True),
        ("full", {"learning_rate": 0.0}, True),
        ("full", {"learning_rate": 3e-3}, False),
        ("full", {"learning_rate": 0.5, "optim": "sgd"}, False),
        ("lora", {"learning_rate": 3e-2}, False),
        ("lora", {"learning_rate": 0.5}, True),
    ],
)
def test_a_learning_rate_that_is_a_slip(method: str, training: dict[str, Any], warned: bool) -> None:
    sections = {"model": {"id": "m"}, "data": {"id": "d"}, "method": {"kind": method}, "training": training}
    config = config_file.validate(sections)
    assert [finding.code for finding in rate.look(config)] == ["unusual_rate"] * warned


def test_prompts_that_fill_the_row_teach_nothing(shared: Path, tmp_path: Path) -> None:
    rows = [{"prompt": "a b c d e f g h i j", "completion": " k"}, {"prompt": "a", "completion": " b"}]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = config_file.validate(
        {
            "task": "causal-lm",
            "model": {"id": str(shared / "models/stories260K")},
            "data": {"files": {"train": str(tmp_path / "train.jsonl")}, "max_length": 8},
        }
    )
    report = preflight.check(config, trial=False)
    found = {finding.code: finding for finding in report.findings}
    assert found["no_trained_token"].rows == [0]
    assert found["no_trained_token"].severity == "warning"


def test_a_split_that_teaches_nothing_is_an_error(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text(json.dumps({"prompt": "a b c d e f g h i j", "completion": " k"}) + "\n")
    config = config_file.validate(
        {
            "task": "causal-lm",
            "model": {"id": str(shared / "models/stories260K")},
            "data": {"files": {"train": str(tmp_path / "train.jsonl")}, "max_length": 8},
        }
    )
    assert preflight.check(config, trial=False).failed


def test_the_cost_counts_what_is_trained(mrpc: Any) -> None:
    full = preflight.check(mrpc(), trial=False).cost
    assert full["parameters"] == full["trainable_parameters"] == 4_386_178
    assert 0 <= full["optimizer_bytes"] - 8 * 4_386_178 < 1000  # two moments, and a counter per tensor
    lora = preflight.check(mrpc({"method": {"kind": "lora", "r": 4}}), trial=False).cost
    assert lora["trainable_parameters"] < 0.01 * lora["parameters"]
    assert json.dumps(lora)
