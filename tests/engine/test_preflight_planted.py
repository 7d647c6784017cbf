"""A planted set is reported with exactly its counts and row numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import config_file
from core.config import RunConfig
from core.errors import FinetuiError, RunStopped
from core.training import preflight, prepare
from core.training.preflight import Finding, Report
from tests.command_line import finetui

CUT = [3, 8, 13, 18, 23, 28, 33, 38, 43, 48, 53, 58, 63, 68, 73, 78, 83, 88, 93, 98]
LEAKED = [2, 7, 11, 12, 19]


def write(file: Path, rows: list[dict[str, Any]]) -> str:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def by_code(report: Report) -> dict[tuple[str, str], Finding]:
    found = {(finding.code, finding.split): finding for finding in report.findings}
    assert len(found) == len(report.findings)
    return found


@pytest.fixture
def planted(shared: Path, tmp_path: Path) -> RunConfig:
    """100 rows and 20: every fifth is cut, five of the eval split stand in train, one label is 7, two are missing."""
    train = [{"text": f"row {row} of the train split", "label": row % 2} for row in range(100)]
    for row in CUT:
        train[row]["text"] = f"row {row} " + "word " * 40
    train[41]["label"] = 7
    train[10]["label"], train[60]["label"] = None, -1
    held = [{"text": f"row {row} to evaluate on", "label": row % 2} for row in range(20)]
    for row in LEAKED:
        held[row]["text"] = train[row + 40]["text"]  # row 11 is as row 51, and so on
    held[4]["text"] = " \t"
    held[5]["text"] = held[6]["text"]
    files = {"train": write(tmp_path / "train.jsonl", train), "validation": write(tmp_path / "validation.jsonl", held)}
    return config_file.validate(
        {
            "model": {"id": str(shared / "models/bert-tiny-uncased")},
            "data": {"files": files, "max_length": 24, "labels": 2},
            "training": {"per_device_train_batch_size": 8, "eval_strategy": "epoch", "warmup_steps": 0.1},
        }
    )


def test_a_planted_classification_set(planted: RunConfig) -> None:
    report = preflight.check(planted, trial=False)
    found = by_code(report)
    assert {key: finding.rows for key, finding in found.items()} == {
        ("label_out_of_range", "train"): [41],
        ("missing_label", "train"): [10, 60],
        ("truncated", "train"): CUT,
        ("empty_text", "validation"): [4],
        ("duplicate", "validation"): [6],
        ("overlap", "validation"): LEAKED,
    }
    assert "20 of 97 rows" in found["truncated", "train"].message
    assert [finding.severity for finding in report.findings[:2]] == ["error", "error"]
    assert report.failed
    assert json.loads(json.dumps(report.to_dict()))["findings"][0]["rows"] in ([41], [10, 60])


def test_the_engine_still_refuses_its_labels(planted: RunConfig) -> None:
    with pytest.raises(FinetuiError, match="1 of 100 rows have no label"):
        prepare.check(planted)


def test_a_planted_completion_set(shared: Path, tmp_path: Path) -> None:
    rows = [{"prompt": f"{row} ", "completion": "is it"} for row in range(50)]
    for row in (5, 25, 45):
        rows[row]["prompt"] = "a b c d e f g h i j k l m n o p q r s t"
    for row in (1, 9, 17, 26, 33, 40, 49):
        rows[row]["completion"] = "a b c d e f g h i j k l m n o p q r s t"
    files = {"train": write(tmp_path / "train.jsonl", rows)}
    config = config_file.validate(
        {
            "task": "causal-lm",
            "model": {"id": str(shared / "models/stories260K")},
            "data": {"files": files, "max_length": 12},
        }
    )
    found = by_code(preflight.check(config, trial=False))
    assert found["no_trained_token", "train"].rows == [5, 25, 45]
    assert found["truncated", "train"].rows == [1, 5, 9, 17, 25, 26, 33, 40, 45, 49]
    assert "(20.0%)" in found["truncated", "train"].message
    assert found["no_pad_token", ""].severity == "info"
    assert ("eos_untrained", "train") not in found


def test_ends_that_are_all_cut_are_never_learned(shared: Path, tmp_path: Path) -> None:
    files = {"train": write(tmp_path / "train.jsonl", [{"text": "a b c d e f g h i j k l"} for _ in range(4)])}
    config = config_file.validate(
        {
            "task": "causal-lm",
            "model": {"id": str(shared / "models/stories260K")},
            "data": {"files": files, "max_length": 5},
        }
    )
    found = by_code(preflight.check(config, trial=False))
    assert found["eos_untrained", "train"].count == 4
    assert found["duplicate", "train"].rows == [1, 2, 3]


def test_a_split_without_a_label_is_reported_not_raised(planted: RunConfig, tmp_path: Path) -> None:
    file = write(tmp_path / "hidden.jsonl", [{"text": "a", "label": -1}, {"text": "b", "label": -1}])
    files = {**(planted.data.files or {}), "validation": file}
    config = planted.model_copy(update={"data": planted.data.model_copy(update={"files": files})})
    found = by_code(preflight.check(config, trial=False))
    assert found["missing_label", "validation"].rows == [0, 1]
    assert found["cannot_start", ""].severity == "error"


def test_a_check_is_broken_off_between_rows(planted: RunConfig) -> None:
    said: list[str] = []
    watch = preflight.Watch(
        lambda what, done, total, unit: said.append(what), lambda: any("tokens" in what for what in said)
    )
    with pytest.raises(RunStopped):
        preflight.check(planted, watch)
    assert said[-1] == "train: tokens"


def test_the_shell_prints_json_alone_and_fails(planted: RunConfig, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(config_file.to_yaml(planted))
    done = finetui(tmp_path, "check", "run.yaml", "--no-trial", "--json")
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert set(said) == {"findings", "cost"}
    (finding,) = [entry for entry in said["findings"] if entry["code"] == "label_out_of_range"]
    assert set(finding) == {"code", "severity", "split", "count", "rows", "source_rows", "message", "hint"}
    assert (finding["severity"], finding["split"], finding["count"], finding["rows"]) == ("error", "train", 1, [41])
    assert said["cost"]["memory_bytes"] > 4 * 4_386_178
