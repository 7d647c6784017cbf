"""Loading splits: every local format, limits, held-out rows, and nothing but the disk."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.config import DataConfig
from core.data import sources
from core.errors import FinetuiError

ROWS = [{"text": "a, b", "label": 1}, {"text": 'say "hi"', "label": 0}, {"text": "日本", "label": 1}]
CSV = 'text,label\n"a, b",1\n"say ""hi""",0\n日本,1\n'

pytestmark = pytest.mark.usefixtures("dataset_cache")


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def load_file(path: Path) -> datasets.Dataset:
    return sources.load(DataConfig(files={"train": str(path)}))["train"]


def make_arrow(path: Path) -> None:
    table = pa.Table.from_pylist(ROWS)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


MAKERS = {
    "rows.jsonl": lambda path: write(path, jsonl(ROWS)),
    "rows.ndjson": lambda path: write(path, jsonl(ROWS)),
    "lines.json": lambda path: write(path, jsonl(ROWS)),
    "array.json": lambda path: write(path, json.dumps(ROWS, indent=2, ensure_ascii=False)),
    "array-after-space.json": lambda path: write(path, "\n " + json.dumps(ROWS)),
    "rows.csv": lambda path: write(path, CSV),
    "rows.tsv": lambda path: write(path, 'text\tlabel\na, b\t1\n"say ""hi"""\t0\n日本\t1\n'),
    "rows.parquet": lambda path: pq.write_table(pa.Table.from_pylist(ROWS), path),
    "rows.arrow": make_arrow,
    "rows.jsonl.gz": lambda path: write(path, gzip.compress(jsonl(ROWS).encode())),
    "rows.csv.gz": lambda path: write(path, gzip.compress(CSV.encode())),
    "we ird [a]*?#%20.jsonl": lambda path: write(path, jsonl(ROWS)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_format_gives_the_same_rows_without_a_network(
    name: str, tmp_path: Path, network_calls: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    MAKERS[name](tmp_path / name)
    rows = load_file(tmp_path / name)
    assert rows.to_list() == ROWS
    assert rows.features["text"] == datasets.Value("string")
    assert network_calls == []
    assert capfd.readouterr() == ("", "")


def test_text_is_one_row_a_line(tmp_path: Path) -> None:
    assert load_file(write(tmp_path / "a.txt", "one\n\ntwo\r\nthree"))["text"][:] == ["one", "", "two", "three"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jsonl", '{"text":"a"}\n'), ("a.json", '[{"text":"a"}]'), ("a.csv", "text\na\n"), ("a.txt", "a\n")],
)
def test_a_byte_order_mark_is_no_part_of_the_text(name: str, content: str, tmp_path: Path) -> None:
    rows = load_file(write(tmp_path / name, b"\xef\xbb\xbf" + content.encode()))
    assert rows.to_list() == [{"text": "a"}]


def test_a_fresh_interpreter_loads_without_a_network(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", jsonl(ROWS))
    script = f"""
import socket
def refuse(*args, **kwargs): print("NETWORK", args); raise OSError
socket.socket.connect = refuse; socket.getaddrinfo = refuse
from core.config import DataConfig
from core.data import sources
print(len(sources.load(DataConfig(id={str(tmp_path / "a.jsonl")!r}))["train"]))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": str(Path(sources.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"
    assert done.stderr == ""


def test_a_saved_dataset_and_a_saved_dict(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_list(ROWS)
    rows.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": rows, "dev": rows.select([0])}).save_to_disk(tmp_path / "two")
    assert sources.load(DataConfig(id=str(tmp_path / "one")))["train"].to_list() == ROWS
    assert {name: len(split) for name, split in sources.load(DataConfig(id=str(tmp_path / "two"))).items()} == {
        "train": 3,
        "dev": 1,
    }


def test_a_damaged_saved_dataset(tmp_path: Path) -> None:
    datasets.Dataset.from_list(ROWS).save_to_disk(tmp_path / "one")
    write(tmp_path / "one" / "state.json", "{")
    with pytest.raises(FinetuiError, match="cannot open the saved dataset one"):
        sources.load(DataConfig(id=str(tmp_path / "one")))


def test_splits_may_come_in_different_formats_and_several_files(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", jsonl(ROWS[:2]))
    write(tmp_path / "b.jsonl", jsonl(ROWS[2:]))
    write(tmp_path / "c.csv", CSV)
    files: dict[str, str | list[str]] = {
        "train": [str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")],
        "validation": str(tmp_path / "c.csv"),
    }
    loaded = sources.load(DataConfig(files=files))
    assert loaded["train"].to_list() == loaded["validation"].to_list() == ROWS


def test_csv_files_of_one_split_may_lack_a_column(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "text,label\na,1\n")
    write(tmp_path / "b.csv", "text\nb\n")
    loaded = sources.load(DataConfig(files={"train": [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]}))
    assert loaded["train"].to_list() == [{"text": "a", "label": 1}, {"text": "b", "label": None}]


def test_a_file_written_again_is_read_again(tmp_path: Path) -> None:
    for content in ('{"text":"old"}\n', '{"text":"new"}\n'):
        path = write(tmp_path / "a.jsonl", content)
        zipped = write(tmp_path / "b.jsonl.gz", gzip.compress(content.encode()))
        assert load_file(path).to_list() == load_file(zipped).to_list() == [json.loads(content)]


def test_an_unchanged_file_is_not_parsed_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", jsonl(ROWS))
    first = load_file(path)
    before = [(file["filename"], Path(file["filename"]).stat().st_mtime_ns) for file in first.cache_files]
    second = load_file(path)
    assert [(file["filename"], Path(file["filename"]).stat().st_mtime_ns) for file in second.cache_files] == before
    assert second._fingerprint == first._fingerprint


def test_csv_words_for_nothing_are_words_and_numbers_stay_whole(tmp_path: Path) -> None:
    rows = load_file(write(tmp_path / "a.csv", "text,label,score,flag\nNA,1,0.5,true\nnull,,1,false\n,3,,true\n"))
    assert rows.to_list() == [
        {"text": "NA", "label": 1, "score": 0.5, "flag": True},
        {"text": "null", "label": None, "score": 1.0, "flag": False},
        {"text": None, "label": 3, "score": None, "flag": True},
    ]


def test_digits_that_a_number_would_lose_stay_text(tmp_path: Path) -> None:
    text = "code,account,n,f\n01234,12345678901234567890,0,0.5\n99999,1,10,-0.25\n"
    rows = load_file(write(tmp_path / "a.csv", text))
    assert rows.to_list() == [
        {"code": "01234", "account": "12345678901234567890", "n": 0, "f": 0.5},
        {"code": "99999", "account": "1", "n": 10, "f": -0.25},
    ]


def test_a_csv_column_that_stops_being_numbers_late_is_text(tmp_path: Path) -> None:
    rows = load_file(write(tmp_path / "a.csv", "n\n" + "1\n" * 25_000 + "x\n"))
    assert rows.features["n"] == datasets.Value("string")
    assert (rows[0]["n"], rows[25_000]["n"]) == ("1", "x")


def test_quotes_in_a_tsv_are_characters_unless_they_pair_up(tmp_path: Path) -> None:
    rows = load_file(write(tmp_path / "a.tsv", 'text\tlabel\n" he said\t1\nyes "\t0\n'))
    assert rows.to_list() == [{"text": '" he said', "label": 1}, {"text": 'yes "', "label": 0}]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_csv_may_be_divided_otherwise(separator: str, tmp_path: Path) -> None:
    content = f"text{separator}label\na, b{separator}1\n"
    assert load_file(write(tmp_path / "a.csv", content)).to_list() == [{"text": "a, b", "label": 1}]


def test_a_csv_cell_may_hold_line_ends(tmp_path: Path) -> None:
    assert load_file(write(tmp_path / "a.csv", 'text,label\n"a\nb",1\n')).to_list() == [{"text": "a\nb", "label": 1}]


def test_mixed_types_in_one_json_column_keep_their_values(tmp_path: Path) -> None:
    rows = [{"x": 1}, {"x": "one"}, {"x": [1, {"a": None}]}, {"x": None}]
    assert [row["x"] for row in load_file(write(tmp_path / "a.jsonl", jsonl(rows)))] == [row["x"] for row in rows]


def test_a_json_key_that_first_comes_after_ten_megabytes(tmp_path: Path) -> None:
    line = json.dumps({"text": "x" * 1000}) + "\n"
    rows = load_file(write(tmp_path / "a.jsonl", line * 11_000 + '{"text": "y", "label": 1.5}\n'))
    assert rows[11_000] == {"text": "y", "label": 1.5}
    assert rows[0]["label"] is None


def test_rows_that_look_like_logs_of_an_assistant_are_rows(tmp_path: Path) -> None:
    rows = [{"type": "user", "message": {"a": 1}}, {"type": "user", "message": "x"}]
    assert load_file(write(tmp_path / "a.jsonl", jsonl(rows))).to_list() == rows


def test_limit_takes_the_first_rows_and_may_exceed_them(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.jsonl", jsonl([{"n": n} for n in range(10)])))
    loaded = sources.load(DataConfig(files={"train": path, "dev": path}, limit={"train": 4, "dev": 99}))
    assert (loaded["train"]["n"][:], len(loaded["dev"])) == ([0, 1, 2, 3], 10)


@pytest.mark.parametrize(
    ("limit", "title"), [({"train": 0}, "cannot be limited to 0"), ({"trian": 1}, "no split trian")]
)
def test_a_wrong_limit(limit: dict[str, int], title: str, tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.jsonl", jsonl(ROWS)))
    with pytest.raises(FinetuiError, match=title):
        sources.load(DataConfig(files={"train": path}, limit=limit))


def test_held_out_rows_repeat_and_touch_no_global_random_state(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.jsonl", jsonl([{"n": n} for n in range(100)])))
    data = DataConfig(files={"train": path}, eval_fraction=0.2)
    before = random.getstate(), np.random.get_state()
    first, second = sources.load(data), sources.load(data)
    assert random.getstate() == before[0]
    assert all(np.array_equal(now, then) for now, then in zip(np.random.get_state(), before[1], strict=True))
    assert (len(first["train"]), len(first["validation"])) == (80, 20)
    assert first["validation"]["n"][:] == second["validation"]["n"][:]
    assert sorted(first["train"]["n"][:] + first["validation"]["n"][:]) == list(range(100))
    assert sources.splits(data, first) == ("train", "validation")
    expected = load_file(Path(path)).train_test_split(test_size=0.2, seed=42)
    assert first["train"]["n"][:] == expected["train"]["n"][:]
    assert first["validation"]["n"][:] == expected["test"]["n"][:]


def test_of_packed_texts_the_last_rows_are_held_out_in_their_order(tmp_path: Path) -> None:
    """Lines of a text follow one another: rows drawn from them would leave blocks of unrelated lines."""
    path = str(write(tmp_path / "a.txt", "".join(f"line {n}\n" for n in range(25))))
    data = DataConfig(files={"train": path}, eval_fraction=0.1, packing=True, max_length=8)
    loaded = sources.load(data)
    assert loaded["train"]["text"][:] == [f"line {n}" for n in range(22)]
    assert loaded["validation"]["text"][:] == [f"line {n}" for n in range(22, 25)]
    expected = load_file(Path(path)).train_test_split(test_size=0.1, shuffle=False)
    assert loaded["validation"]["text"][:] == expected["test"]["text"][:]


def test_a_config_that_names_the_held_out_split_loads_the_same_rows(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.jsonl", jsonl([{"n": n} for n in range(100)])))
    data = DataConfig(files={"train": path}, eval_fraction=0.2)
    written = data.model_copy(update={"eval_split": sources.splits(data, sources.load(data))[1]})
    assert written.eval_split == "validation"
    assert sources.load(written)["validation"]["n"][:] == sources.load(data)["validation"]["n"][:]
    with pytest.raises(FinetuiError, match="there is no split held_out"):
        sources.load(data.model_copy(update={"eval_split": "held_out"}))


def test_torch_random_state_is_not_touched_either(tmp_path: Path) -> None:
    import torch

    path = str(write(tmp_path / "a.jsonl", jsonl([{"n": n} for n in range(100)])))
    before = torch.get_rng_state()
    sources.load(DataConfig(files={"train": path}, eval_fraction=0.2, limit={"train": 50}))
    assert torch.equal(torch.get_rng_state(), before)


def test_nothing_is_held_out_where_there_is_an_eval_split(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.jsonl", jsonl(ROWS)))
    loaded = sources.load(DataConfig(files={"train": path, "dev": path}, eval_fraction=0.5))
    assert {name: len(rows) for name, rows in loaded.items()} == {"train": 3, "dev": 3}


def test_one_row_cannot_be_split(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.jsonl", jsonl(ROWS[:1])))
    with pytest.raises(FinetuiError, match=r"cannot hold out 0\.5 of 1 rows"):
        sources.load(DataConfig(files={"train": path}, eval_fraction=0.5))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("train", "test"), None),
        (("train", "dev", "validation"), "validation"),
        (("train", "val", "dev"), "val"),
        (("eval", "train"), "eval"),
    ],
)
def test_the_eval_split_is_guessed_and_never_test(names: tuple[str, ...], expected: str | None) -> None:
    assert sources.splits(DataConfig(id="x"), names) == ("train", expected)


def test_named_splits_must_exist() -> None:
    assert sources.splits(DataConfig(id="x", train_split="a", eval_split="test"), ["a", "test"]) == ("a", "test")
    with pytest.raises(FinetuiError) as caught:
        sources.splits(DataConfig(id="x", eval_split="validaton"), ["train", "validation"])
    assert caught.value.lines() == [
        "there is no split validaton",
        "data.eval_split; the splits are: train, validation",
        "did you mean validation?",
    ]
    with pytest.raises(FinetuiError, match="there is no split train"):
        sources.splits(DataConfig(id="x"), ["identity"])


def test_a_folder_of_split_files(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        write(tmp_path / f"{split}.jsonl", jsonl(ROWS))
    write(tmp_path / "README.md", "# about")
    assert list(sources.load(DataConfig(id=str(tmp_path)))) == ["train", "validation"]


def test_the_subset_of_a_folder_is_a_folder_in_it(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    write(tmp_path / "en" / "train.jsonl", jsonl(ROWS))
    assert len(sources.load(DataConfig(id=str(tmp_path), subset="en"))["train"]) == 3
    with pytest.raises(FinetuiError, match="has no subset de"):
        sources.load(DataConfig(id=str(tmp_path), subset="de"))


@pytest.mark.parametrize(
    ("folder", "rows"),
    [
        ("mrpc", {"train": 3668, "validation": 408, "test": 1725}),
        ("sms_spam", {"train": 4460, "test": 1115}),
        ("sst2", {"train": 60614, "dev": 6735, "test": 872}),
        ("wnut17", {"train": 3394, "validation": 1009, "test": 1287}),
        ("multi30k_en_de", {"train": 29000, "val": 1014, "test": 1000}),
        ("gsm8k", {"train": 7473, "test": 1319}),
        ("tinyshakespeare", {"train": 40000}),
        ("squad_v1_dev", {"dev": 10570}),
        ("llama_factory_demo", {"alpaca_en_demo": 999, "dpo_en_demo": 300, "identity": 91}),
        ("jglue", {"jnli-valid-v1.3": 2434, "jsquad-valid.flat": 4442, "test": 2508}),
    ],
)
def test_the_shared_data_sets(folder: str, rows: dict[str, int], shared: Path, network_calls: list[Any]) -> None:
    found = sources.open_splits(DataConfig(id=str(shared / "data" / folder)))
    assert {name: len(split) for name, split in found.items()} == rows
    assert network_calls == []
