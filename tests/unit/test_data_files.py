"""Which files of a folder are data, and of which split."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data import files
from core.errors import FinetuiError


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n")
    return folder


def found(folder: Path) -> dict[str, list[str]]:
    return {split: [str(path.relative_to(folder)) for path in paths] for split, paths in files.find(folder).items()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jsonl", "json"),
        ("a.JSON", "json"),
        ("a.ndjson.gz", "json"),
        ("a.v1.3.json", "json"),
        ("a.tsv.gz", "tsv"),
        ("a.parquet", "parquet"),
        ("a.parquet.gz", None),
        ("a.gz", None),
        ("a.pdf", None),
        ("csv", None),
    ],
)
def test_a_name_promises_a_format(name: str, expected: str | None) -> None:
    assert files.format_of(Path(name)) == expected


def test_splits_come_from_the_words_in_the_names_train_first(tmp_path: Path) -> None:
    make(tmp_path, "test_2016_flickr.jsonl", "dev.jsonl", "mrpc-train.jsonl")
    assert found(tmp_path) == {"train": ["mrpc-train.jsonl"], "dev": ["dev.jsonl"], "test": ["test_2016_flickr.jsonl"]}


def test_sidecars_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "train.csv", "README.md", "PROVENANCE.md", "LICENSE", "dataset_infos.json", "notes.txt", ".a.csv")
    make(tmp_path, ".git/train.csv", "readme.txt", "requirements.txt")
    assert found(tmp_path) == {"train": ["train.csv"]}


def test_text_is_data_where_there_is_nothing_else(tmp_path: Path) -> None:
    make(tmp_path, "poems.txt", "README.txt")
    assert found(tmp_path) == {"train": ["poems.txt"]}


def test_shards_are_one_split(tmp_path: Path) -> None:
    make(tmp_path, "data/train-00001-of-00002.parquet", "data/train-00000-of-00002.parquet", "data/test-0-of-1.parquet")
    assert found(tmp_path) == {
        "train": ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
        "test": ["data/test-0-of-1.parquet"],
    }


def test_folders_name_splits_too(tmp_path: Path) -> None:
    make(tmp_path, "train/a.jsonl", "train/b.jsonl", "validation/a.jsonl")
    assert found(tmp_path) == {"train": ["train/a.jsonl", "train/b.jsonl"], "validation": ["validation/a.jsonl"]}


def test_two_train_files_that_are_no_shards_stay_apart(tmp_path: Path) -> None:
    make(tmp_path, "us_train.jsonl", "gb_train.jsonl", "us_test.jsonl", "gb_test.jsonl", "us_validation.jsonl")
    assert list(found(tmp_path)) == ["gb_train", "us_train", "validation", "gb_test", "us_test"]


def test_files_without_a_word_are_named_after_themselves(tmp_path: Path) -> None:
    make(tmp_path, "alpaca.json", "identity.json")
    assert found(tmp_path) == {"alpaca": ["alpaca.json"], "identity": ["identity.json"]}


def test_a_single_file_is_the_train_split(tmp_path: Path) -> None:
    make(tmp_path, "reviews.csv")
    assert found(tmp_path) == {"train": ["reviews.csv"]}


def test_the_same_split_in_two_formats_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "train.csv", "train.parquet")
    with pytest.raises(FinetuiError, match="two formats for one split"):
        files.find(tmp_path)


def test_a_folder_without_data_says_which_formats_there_are(tmp_path: Path) -> None:
    make(tmp_path, "README.md")
    with pytest.raises(FinetuiError, match="there is no data") as caught:
        files.find(tmp_path)
    assert "jsonl" in caught.value.hint


def test_a_folder_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 3)
    make(tmp_path, *(f"{index}.csv" for index in range(5)))
    with pytest.raises(FinetuiError, match="more than 3 files"):
        files.find(tmp_path)


def test_a_missing_file_gets_the_likely_neighbour(tmp_path: Path) -> None:
    make(tmp_path, "train.jsonl")
    with pytest.raises(FinetuiError) as caught:
        files.require_data_file(tmp_path / "trian.jsonl")
    assert caught.value.lines() == ["there is no file trian.jsonl", str(tmp_path), "did you mean train.jsonl?"]


@pytest.mark.parametrize(
    ("wanted", "there", "hint"),
    [
        ("validation.tsv", ["train.tsv", "dev.tsv"], "did you mean dev.tsv?"),
        ("validation.tsv", ["train.tsv", "test.tsv"], "the folder holds: test.tsv, train.tsv"),
        ("validaton.tsv", ["train.tsv"], "the folder holds: train.tsv"),
        ("train.csv", ["train.tsv", "test.csv"], "did you mean train.tsv?"),
        ("test.tsv", ["train.tsv", "text.tsv"], "did you mean text.tsv?"),
    ],
)
def test_another_split_is_never_offered_for_a_missing_one(
    tmp_path: Path, wanted: str, there: list[str], hint: str
) -> None:
    make(tmp_path, *there)
    with pytest.raises(FinetuiError) as caught:
        files.require_data_file(tmp_path / wanted)
    assert caught.value.hint == hint


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FinetuiError) as caught:
        files.require_data_file(tmp_path / "no" / "train.jsonl")
    assert caught.value.detail == f"there is no folder {tmp_path / 'no'}"


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    make(tmp_path, "train.pdf")
    with pytest.raises(FinetuiError, match=r"train\.pdf is of no known format") as caught:
        files.require_data_file(tmp_path / "train.pdf")
    assert "parquet" in caught.value.hint


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    with pytest.raises(FinetuiError, match="is a folder"):
        files.require_data_file(tmp_path)
