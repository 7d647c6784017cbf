"""Rows that hold a text, wherever it lies in them; rows written to a file."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest

from core.data.chunks import ROWS, Cancelled
from core.data.export import export
from core.data.search import search
from core.errors import FinetuiError

CHAT = datasets.Dataset.from_list(
    [
        {"messages": [{"role": "user", "content": "Where is Paris?"}], "n": 1, "tags": ["a", "b"], "title": "x"},
        {"messages": [], "n": 2, "tags": [], "title": "Paris"},
        {"messages": None, "n": 3, "tags": None, "title": None},
        {
            "messages": [{"role": "user", "content": None}, {"role": "bot", "content": "PARIS!"}],
            "n": 4,
            "tags": ["c.d"],
        },
    ]
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("paris", [0, 1, 3]),
        ("Paris", [0, 1]),
        ("PARIS", [3]),
        ("is?", [0]),
        (".", [3]),
        ("b", [0, 3]),
        ("4", []),
        ("", []),
        ("\\E", []),
        ("\n", []),
    ],
)
def test_a_text_is_found_in_lists_and_structs_and_is_no_pattern(text: str, rows: list[int]) -> None:
    assert search(CHAT, text).tolist() == rows


def test_a_text_is_found_in_one_value_and_not_across_two() -> None:
    texts = ["end of on", "e and", None, "", "one"] * 1000
    rows = datasets.Dataset.from_dict({"text": texts})
    assert search(rows, "one").tolist() == list(range(4, 5000, 5))
    assert search(rows.select(range(2, 4)), "one").tolist() == []
    assert search(datasets.Dataset.from_dict({"text": ["", ""]}), "one").tolist() == []
    assert search(
        datasets.Dataset.from_dict({"t": texts}, features=datasets.Features({"t": datasets.Value("large_string")})),
        "one",
    ).tolist() == list(range(4, 5000, 5))


def test_a_search_may_look_into_some_columns_alone() -> None:
    assert search(CHAT, "paris", ["title"]).tolist() == [1]


def test_other_scripts_and_their_upper_case() -> None:
    rows = datasets.Dataset.from_dict({"text": ["Straße", "ÄRGER", "日本語", "e\u0301", "😀 x"]})
    found = {text: search(rows, text).tolist() for text in ("ärger", "本", "e\u0301", "😀", "ß", "Ärger")}
    assert found == {"ärger": [1], "本": [2], "e\u0301": [3], "😀": [4], "ß": [0], "Ärger": []}


def test_every_chunk_is_searched_and_a_search_can_be_ended(tmp_path: Path) -> None:
    texts = [f"row {n}" + " needle" * (n in (0, ROWS - 1, ROWS, 2 * ROWS + 4)) for n in range(2 * ROWS + 5)]
    datasets.Dataset.from_dict({"text": texts}).save_to_disk(tmp_path / "saved")
    saved = datasets.load_from_disk(str(tmp_path / "saved"))
    assert search(saved, "needle").tolist() == [0, ROWS - 1, ROWS, 2 * ROWS + 4]
    far: list[int] = []

    def stop_soon(done: int, total: int) -> None:
        far.append(done)
        if done >= ROWS:
            raise Cancelled

    with pytest.raises(Cancelled):
        search(saved, "needle", watch=stop_soon)
    assert far[-1] < len(saved)


FEATURES = datasets.Features(
    text=datasets.Value("string"),
    label=datasets.ClassLabel(names=["no", "yes"]),
    score=datasets.Value("float64"),
    day=datasets.Value("date32"),
    raw=datasets.Value("binary"),
)
ALL: list[dict[str, Any]] = [
    {"text": f'日本 "{n}"\n[red]\x1b', "label": n % 2, "score": n / 2, "day": datetime.date(2024, 1, 1), "raw": b"\xff"}
    for n in range(5)
]
TYPED = datasets.Dataset.from_list(ALL, features=FEATURES)


def test_parquet_keeps_rows_and_classes(tmp_path: Path) -> None:
    export(TYPED, tmp_path / "a.parquet", [1, 3])
    back = datasets.Dataset.from_parquet(str(tmp_path / "a.parquet"), cache_dir=str(tmp_path / "cache"))
    assert back.features == FEATURES
    assert back.to_list() == [ALL[1], ALL[3]]
    assert pq.read_metadata(tmp_path / "a.parquet").num_rows == 2


def test_jsonl_has_a_line_for_every_row(tmp_path: Path) -> None:
    export(TYPED, tmp_path / "a.jsonl")
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == [{**row, "day": "2024-01-01", "raw": "/w=="} for row in ALL]


def test_jsonl_of_mixed_values_and_of_nan(tmp_path: Path) -> None:
    mixed = datasets.Dataset.from_dict({"x": [1, "one", {"a": None}, None]}, on_mixed_types="use_json")
    export(mixed, tmp_path / "a.jsonl")
    assert [json.loads(line)["x"] for line in (tmp_path / "a.jsonl").open()] == [1, "one", {"a": None}, None]
    export(datasets.Dataset.from_dict({"x": [[float("nan"), 1.0]]}), tmp_path / "b.jsonl")
    assert (tmp_path / "b.jsonl").read_text() == '{"x": [null, 1.0]}\n'


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_what_is_ended_half_way_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        export(TYPED, tmp_path / name, watch=stop)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / name).write_text("before")
    with pytest.raises(Cancelled):
        export(TYPED, tmp_path / name, watch=stop, replace=True)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "before")]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("there.jsonl", "there.jsonl is there already"),
        ("a.csv", "no format that can be written"),
        ("none/a.jsonl", "cannot write a.jsonl"),
    ],
)
def test_where_rows_cannot_be_written(name: str, title: str, tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_text("before")
    with pytest.raises(FinetuiError, match=title):
        export(TYPED, tmp_path / name)
    assert (tmp_path / "there.jsonl").read_text() == "before"
