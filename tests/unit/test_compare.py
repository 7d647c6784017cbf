"""What sets runs apart: a pure function, and the command that prints it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from core.errors import FinetuiError
from core.runs.compare import differences, written
from tests.pilot.recorded import RecordedRun, completed, trained
from tui.apart import apart, middle
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


class Screen(io.StringIO):
    """A terminal as wide as COLUMNS says."""

    def isatty(self) -> bool:
        return True


LONG = "training.a_key_that_is_as_long_as_those_of_scores_by_class_and_label_can_be.of_all"
PLACES = [
    "/home/a-person/data/sets/of-the-year/second/part/train.jsonl",
    "/home/a-person/data/sets/of-the-year/third/x",
]


def many(folder: Path, count: int) -> list[str]:
    """Runs with a loss of their own, long names of data, and a key that fills a line."""
    names = [f"a-run-with-quite-a-long-name-{number}" for number in range(count)]
    for number, name in enumerate(names):
        config = completed(folder, name).path / "config.yaml"
        data = config.read_text().replace("train.jsonl", PLACES[number % 2])
        section, key = LONG.split(".", 1)
        config.write_text(f"{data}loss: own_{number}.py:loss\nextra:\n  {section}.{key}: {number}e-5\n")
    return names


def on_a_screen(names: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    compare(names, folder, json=False)
    return screen.getvalue().splitlines()


@pytest.mark.parametrize("count", [2, 3])
def test_on_eighty_columns_every_run_has_its_values(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = on_a_screen(many(tmp_path, count), tmp_path, monkeypatch)
    assert all(len(line) <= 80 for line in lines)
    rows = [line.split() for line in lines]
    assert len(set(rows[0])) == len(rows[0]) == count
    assert ["accuracy", *["0.7426"] * count] in rows
    assert ["loss", *(f"own_{number}.py:loss" for number in range(count))] in rows
    data = next(row for row in rows if row[:1] == ["data.files.train"])
    assert data[1] != data[2]
    assert all(value.startswith("…") for value in data[1:])
    at = next(place for place, row in enumerate(rows) if row and row[0].endswith("of_all"))
    assert len(rows[at]) == 1
    assert len(set(rows[at + 1])) == count


def test_many_runs_have_a_line_each_under_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = many(tmp_path, 7)
    lines = on_a_screen(names, tmp_path, monkeypatch)
    assert all(len(line) <= 80 for line in lines)
    at = lines.index("  accuracy")
    assert [line.split()[-1] for line in lines[at + 1 : at + 8]] == ["0.7426"] * 7
    assert len({line.split()[0] for line in lines[at + 1 : at + 8]}) == 7
    at = lines.index("  data.files.train")
    told = "".join(line.split()[-1] for line in lines[at + 1 : at + 4])
    assert told == "".join(PLACES)


def test_in_a_pipe_nothing_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = many(tmp_path, 6)
    compare(names, tmp_path, json=False)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert names in rows
    assert ["data.files.train", *PLACES * 3] in rows


def test_a_metric_and_a_key_of_one_name_stand_under_their_headings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare(many(tmp_path, 2), tmp_path, json=False)
    lines = capsys.readouterr().out.splitlines()
    losses = [at for at, line in enumerate(lines) if line.split()[:1] == ["loss"]]
    assert lines.index("metrics") < losses[0] < lines.index("config") < losses[1]


@pytest.mark.parametrize(
    ("values", "width", "expected"),
    [
        (["short", "other"], 5, ["short", "other"]),
        (["/a/long/way/to/one.csv", "/a/long/way/to/two.csv"], 12, ["…/one.csv", "…/two.csv"]),
        (["abcdefghijklmnop1", "abcdefghijklmnop2"], 8, ["…klmnop1", "…klmnop2"]),
        (["/x/aaaaaaaaaa/1", "/x/aaaaaaaaaa/2", "glue"], 9, ["…aaaaaa/1", "…aaaaaa/2", "glue"]),
    ],
)
def test_long_values_show_where_they_differ(values: list[str], width: int, expected: list[str]) -> None:
    assert apart(values, width) == expected


def test_a_text_cut_in_its_middle_is_as_wide_as_asked() -> None:
    assert [middle("training.learning_rate", width) for width in (22, 9, 1)] == [
        "training.learning_rate",
        "trai…rate",
        "…",
    ]
