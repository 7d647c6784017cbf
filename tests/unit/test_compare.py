"""What sets runs apart: a pure function, and the command that prints it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import FinetuiError
from core.runs.compare import differences, written
from tests.pilot.recorded import RecordedRun, completed, trained
from tui.shell.compare import compare


@pytest.mark.parametrize(
    ("configs", "expected"),
    [
        ([{"a": 1}, {"a": 1}], {}),
        ([{"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}], {"a.c": [2, 3]}),
        ([{"a": {"b": 1}}, {}, {"a": {"b": 1}}], {"a.b": [1, None, 1]}),
        ([{"a": {}}, {}], {}),
        ([{"a": [1, 2]}, {"a": [2, 1]}], {"a": [[1, 2], [2, 1]]}),
        ([{"name": "one"}, {"name": "two"}], {}),
        ([{"a": {"b": 1}}, {"a": 2}], {"a.b": [1, None], "a": [None, 2]}),
        ([], {}),
    ],
)
def test_only_what_differs_is_named(configs: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    assert differences(configs) == expected


def test_values_are_written_as_in_the_file() -> None:
    assert [written(value) for value in (None, True, 5e-5, 3, "no", [1])] == ["-", "true", "5e-05", "3", "no", "[1]"]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    completed(tmp_path, "one")
    other = trained(tmp_path, "two", alive=False)
    config = other.path / "config.yaml"
    config.write_text(config.read_text().replace("kind: lora", "kind: full"))
    return tmp_path


def test_metrics_and_configs_stand_side_by_side(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(["one", "two"], runs, json=False) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["one", "two"] in rows
    assert ["status", "completed", "crashed"] in rows
    assert ["accuracy", "0.7426", "0.7400"] in rows
    assert ["method.kind", "lora", "full"] in rows


def test_json_has_both(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(["one", "two"], runs, json=True)
    data = json.loads(capsys.readouterr().out)
    assert [run["name"] for run in data["runs"]] == ["one", "two"]
    assert data["differences"]["method.kind"] == ["lora", "full"]


def test_one_run_alone_is_wrong_usage(runs: Path) -> None:
    with pytest.raises(FinetuiError, match="nothing to compare"):
        compare(["one", "one"], runs, json=False)


def test_runs_of_one_name_go_by_their_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [RecordedRun(tmp_path, "same").path for _ in range(2)]
    compare([path.name for path in paths], tmp_path, json=False)
    printed = capsys.readouterr().out
    assert all(path.name in printed for path in paths)
    assert "their configs are equal" in printed
