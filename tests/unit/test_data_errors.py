"""Bad data: three lines that say what, where, and what to do; nothing printed, nothing else raised."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from core.config import DataConfig
from core.data import sources
from core.errors import FinetuiError

pytestmark = pytest.mark.usefixtures("dataset_cache")

ZIPPED = gzip.compress("".join(json.dumps({"n": n * 7919 % 1000}) + "\n" for n in range(5000)).encode())

CASES: dict[str, tuple[bytes, str, str, str]] = {
    # name: content, then what the title, the detail and the hint must contain
    "malformed.jsonl": (
        b'{"a":1}\n{"a" 2}\n{"a":3}\n',
        "not valid json",
        "line 2: expecting ':'",
        "one object per line",
    ),
    "malformed.json": (b'[{"a":1},\n {"a" 2}]', "not valid json", "line 2", "one list of objects"),
    "cut.json": (b'[{"a":1},\n {"a":2},', "not valid json", "line 2", "one list"),
    "prose.json": (b"hello world\n", "not valid json", "line 1", "one object per line"),
    "numbers.jsonl": (b"1\n2\n", "not valid json", "line 1: a number where an object should be", "one object"),
    "numbers.json": (b'[{"a": 1}, 2]', "not a list of objects", "item 2 is a number", "as an object"),
    "twice.jsonl": (b'{"a":1}\n{"a":1,"a":2}\n', "not valid json", "line 2: a stands twice", "one object"),
    "surrogate.jsonl": (b'{"a":"\\ud800"}\n', "cannot read surrogate.jsonl", "surrogate pair", "correct that row"),
    "latin.jsonl": (
        '{"a":"ok"}\n{"a":"café"}\n'.encode("latin-1"),
        "not UTF-8",
        "line 2: byte 0xe9",
        "iconv -f WINDOWS-1252",
    ),
    "latin.json": ('[{"a":"café"}]'.encode("latin-1"), "not UTF-8", "line 1: byte 0xe9", "iconv"),
    "latin.csv": ("a\ncafé\n".encode("latin-1"), "not UTF-8", "line 2: byte 0xe9", "iconv"),
    "latin.txt": ("café\n".encode("latin-1"), "not UTF-8", "line 1: byte 0xe9", "iconv"),
    "late.jsonl": (
        b'{"a":"' + b"x" * 1000 + b'"}\n' + (b'{"a":"' + b"y" * 1000 + b'"}\n') * 11_000 + b'{"a":"\xe9"}\n',
        "not UTF-8",
        "line 11002: byte 0xe9",
        "iconv",
    ),
    "utf16.csv": ("a\ncafé\n".encode("utf-16"), "not UTF-8", "line 1: byte 0xff", "iconv -f UTF-16"),
    "long.csv": (b"a,b\n1,2\n1,2,3\n", "a row that is too long", "line 3: 3 cells where the header has 2", "quotes"),
    "all-long.csv": (
        b"a,b\n1,2,3\n4,5,6\n",
        "a row that is too long",
        "line 2: 3 cells where the header has 2",
        "quotes",
    ),
    "quote.csv": (b'a,b\n1,2\n"1,2\n3,4\n', "a quote that is never closed", "row 2", "close it"),
    "empty.jsonl": (b"", "has no rows", "empty.jsonl", "choose"),
    "empty.csv": (b"", "has no rows", "empty.csv", "choose"),
    "empty.txt": (b"", "has no rows", "empty.txt", "choose"),
    "empty.json": (b"[]", "has no rows", "empty.json", "choose"),
    "blank.jsonl": (b"\n\n", "has no rows", "blank.jsonl", "choose"),
    "blank.csv": (b"\n\n", "has no rows", "nothing follows the header", "choose"),
    "header.csv": (b"a,b\n", "has no rows", "nothing follows the header", "choose"),
    "bom.jsonl": (b"\xef\xbb\xbf", "has no rows", "bom.jsonl", "choose"),
    "cut.jsonl.gz": (ZIPPED[: len(ZIPPED) // 2], "is cut short", "cut.jsonl.gz", "download it again"),
    "cut.csv.gz": (gzip.compress(b"a\n" + b"1\n" * 9999)[:-9], "is cut short", "cut.csv.gz", "download it again"),
    "plain.jsonl.gz": (b'{"a":1}\n', "is not gzip", "plain.jsonl.gz", "take .gz off"),
    "empty.jsonl.gz": (gzip.compress(b""), "has no rows", "empty.jsonl.gz", "choose"),
    "no.parquet": (b"PAR1 nothing", "cannot read no.parquet as parquet", "", "whole"),
    "no.arrow": (b"ARROW nothing", "cannot read no.arrow as arrow", "", "whole"),
    "empty.parquet": (b"", "has no rows", "", "choose"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content, title, detail, hint = CASES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FinetuiError) as caught:
        sources.load(DataConfig(files={"train": str(tmp_path / name)}))
    assert name in caught.value.title
    assert title in caught.value.title
    assert detail in caught.value.detail
    assert hint in caught.value.hint
    assert all("\n" not in line and line.strip() for line in caught.value.lines())
    assert len(caught.value.lines()) == 3
    assert capfd.readouterr() == ("", "")


def test_the_bad_one_of_several_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text('{"a":1}\n')
    (tmp_path / "bad.jsonl").write_text('{"a":1}\n{"a"\n')
    with pytest.raises(FinetuiError, match=r"bad\.jsonl is not valid json"):
        sources.load(DataConfig(files={"train": [str(tmp_path / "good.jsonl"), str(tmp_path / "bad.jsonl")]}))


def test_files_of_one_split_in_two_formats(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a":1}\n')
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(FinetuiError, match="several formats"):
        sources.load(DataConfig(files={"train": [str(tmp_path / "a.jsonl"), str(tmp_path / "a.csv")]}))


def test_no_files_at_all() -> None:
    with pytest.raises(FinetuiError, match="there are no files"):
        sources.load(DataConfig(files={}))
    with pytest.raises(FinetuiError, match="there are no files"):
        sources.load(DataConfig(files={"train": []}))


@pytest.mark.parametrize("ref", ["nowhere.jsonl", "./nowhere", "/nowhere/at/all", "~/nowhere-at-all"])
def test_a_missing_path_is_not_looked_for_on_the_hub(ref: str, network_calls: list[object]) -> None:
    with pytest.raises(FinetuiError, match="there is no"):
        sources.load(DataConfig(id=ref))
    assert network_calls == []


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    (tmp_path / "a.jsonl").write_text('{"a":1}\n')
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", "/proc/nowhere")
    with pytest.raises(FinetuiError) as caught:
        sources.load(DataConfig(files={"train": str(tmp_path / "a.jsonl")}))
    assert caught.value.title == "cannot write the dataset cache"
    assert "HF_DATASETS_CACHE" in caught.value.hint
