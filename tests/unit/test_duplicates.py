"""Rows with the same text, within a split and across splits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest

from core.data.chunks import ROWS, Cancelled, chunks
from core.data.duplicates import duplicates, overlap


def rows(**columns: list[Any]) -> datasets.Dataset:
    return datasets.Dataset.from_dict(columns)


def test_a_duplicate_is_a_row_that_equals_an_earlier_one_but_for_space_around_it() -> None:
    assert duplicates(rows(text=["a", " b", "a\n", "A", "b ", "b", "", None, "c"]), ["text"]) == [2, 4, 5, 7]


def test_all_columns_must_be_equal_and_texts_do_not_run_together() -> None:
    pairs = rows(one=["a", "ab", "a", "a"], two=["bc", "c", "bc", "c"], label=[0, 0, 1, 0])
    assert duplicates(pairs, ["one", "two"]) == [2]
    assert duplicates(pairs, ["one", "two", "label"]) == []
    assert duplicates(pairs, []) == []


def test_lists_and_conversations_are_compared_too() -> None:
    turns = [[{"role": "user", "content": "x"}], [{"role": "user", "content": "y"}], [{"role": "user", "content": "x"}]]
    assert duplicates(rows(messages=turns), ["messages"]) == [2]


def test_overlap_counts_rows_of_the_split_to_evaluate_on() -> None:
    train, evaluation = rows(text=["a", "b", "b"]), rows(text=["b ", "x", "b", "a"])
    assert overlap(train, evaluation, ["text"]) == [0, 2, 3]
    assert overlap(train, evaluation.select([]), ["text"]) == []


def test_rows_that_were_picked_or_cut_are_those_that_are_compared(tmp_path: Path) -> None:
    whole = datasets.Dataset.from_dict({"text": [str(n % 5) for n in range(20)]})
    whole.save_to_disk(tmp_path / "saved")
    saved = datasets.load_from_disk(str(tmp_path / "saved"))
    assert duplicates(saved, ["text"]) == list(range(5, 20))
    assert duplicates(saved.select(range(6)), ["text"]) == [5]
    assert duplicates(saved.select([0, 3, 5, 8]), ["text"]) == [2, 3]
    assert duplicates(saved.rename_column("text", "other"), ["other"]) == list(range(5, 20))


def test_chunks_read_every_row_once_and_stop_when_told(tmp_path: Path) -> None:
    datasets.Dataset.from_dict({"n": list(range(2 * ROWS + 7)), "other": ["x"] * (2 * ROWS + 7)}).save_to_disk(tmp_path)
    saved = datasets.load_from_disk(str(tmp_path))
    seen: list[tuple[int, int]] = []
    found = [(start, table["n"].to_pylist()) for start, table in chunks(saved, ["n"], lambda *far: seen.append(far))]
    assert [number for _, numbers in found for number in numbers] == saved["n"][:]
    assert all(numbers[0] == start and len(numbers) <= ROWS for start, numbers in found)
    assert seen[-1] == (len(saved), len(saved))

    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        duplicates(saved, ["n"], stop)
