"""Looking at a dataset: cells that are safe to draw, pages, whole rows, and what a run needs to open the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import DataConfig
from core.data import cells, sources
from core.data.browse import CELL_WIDTH, Browser, type_name
from core.errors import FinetuiError

pytestmark = pytest.mark.usefixtures("dataset_cache")


def browse(path: Path, *rows: dict[str, Any]) -> Browser:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return Browser.open(str(path))


def show(*rows: dict[str, Any], **features: Any) -> Browser:
    table = datasets.Dataset.from_list(list(rows), features=datasets.Features(features) if features else None)
    return Browser(DataConfig(id="x"), datasets.DatasetDict({"train": table}))


HOSTILE = "\x1b[31m[red]a[/]\r\nb\tc\x00\x7f\x9b0m\u202edrow\u2028\ufeff"


def test_control_characters_and_reordering_marks_become_visible() -> None:
    assert cells.visible(HOSTILE) == "␛[31m[red]a[/]␍⏎b␉c␀␡<U+009B>0m<U+202E>drow<U+2028><U+FEFF>"
    assert cells.visible(HOSTILE, newlines=True).split("\n") == [
        "␛[31m[red]a[/]",
        "b␉c␀␡<U+009B>0m<U+202E>drow<U+2028><U+FEFF>",
    ]


@given(st.text(alphabet=st.characters(categories=None)), st.integers(1, 50))
def test_no_text_can_draw_more_than_its_cell(text: str, width: int) -> None:
    shown = cells.one_line(text, width)
    assert len(shown) <= width
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert cells.visible(text) == cells.whole(text) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, cells.NULL),
        ("", ""),
        (True, "True"),
        (1.5, "1.5"),
        (b"abc", "<3 bytes>"),
        ([1, None, "x"], '[1, null, "x"]'),
        ({"a": {"b": [1]}, "c": 'say "hi"\n'}, '{a: {b: [1]}, c: "say \\"hi\\"⏎"}'),
        ([], "[]"),
    ],
)
def test_values_are_written_out(value: Any, expected: str) -> None:
    assert cells.one_line(value, 99) == expected


def test_a_long_value_is_cut_without_being_written_out() -> None:
    touched = []

    class Watched(list[int]):
        def __iter__(self) -> Any:
            for index in range(10_000_000):
                touched.append(index)
                yield index

    shown = cells.one_line(Watched(), 20)
    assert shown == "[0, 1, 2, 3, 4, 5, …"
    assert len(touched) < 20


def test_a_file_is_the_train_split_with_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browse(tmp_path / "a.jsonl", {"text": "x", "n": 1})
    monkeypatch.chdir(tmp_path)
    browser = Browser.open("a.jsonl")
    assert browser.splits == {"train": 1}
    assert browser.data == DataConfig(files={"train": str(tmp_path / "a.jsonl")})
    assert [(column.name, column.type) for column in browser.columns("train")] == [("text", "text"), ("n", "int64")]


def test_a_folder_gives_its_splits_and_a_config_that_opens_the_same(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("validation", 2)):
        browse(tmp_path / f"{split}.jsonl", *({"n": n} for n in range(count)))
    (tmp_path / "README.md").write_text("about")
    browser = Browser.open(str(tmp_path))
    assert browser.splits == {"train": 3, "validation": 2}
    assert {name: len(rows) for name, rows in sources.load(browser.data).items()} == browser.splits


def test_a_folder_without_train_trains_on_its_first_split(tmp_path: Path) -> None:
    browse(tmp_path / "identity.jsonl", {"n": 1})
    browse(tmp_path / "alpaca.jsonl", {"n": 1})
    assert Browser.open(str(tmp_path)).data.train_split == "alpaca"


def test_shards_and_saved_datasets_open_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    for index in range(2):
        browse(tmp_path / "shards" / f"train-0000{index}-of-00002.jsonl", {"n": index})
    datasets.Dataset.from_list([{"n": 0}, {"n": 1}]).save_to_disk(tmp_path / "saved")
    for name in ("shards", "saved"):
        browser = Browser.open(str(tmp_path / name))
        assert browser.page("train", 0, 9) == [["0"], ["1"]]
        assert sources.load(browser.data)["train"]["n"][:] == [0, 1]


def test_pages_stop_at_the_end(tmp_path: Path) -> None:
    browser = browse(tmp_path / "a.jsonl", *({"n": n} for n in range(10)))
    assert browser.page("train", 8, 5) == [["8"], ["9"]]
    assert browser.page("train", 10, 5) == []
    assert browser.page("train", -3, 2) == [["0"], ["1"]]
    assert browser.page("train", 3, 0) == []


def test_a_row_beyond_the_end_is_no_row(tmp_path: Path) -> None:
    browser = browse(tmp_path / "a.jsonl", {"n": 1})
    for index in (-1, 1):
        with pytest.raises(IndexError, match="there is no row"):
            browser.row("train", index)
        with pytest.raises(IndexError):
            browser.raw("train", index)


def test_cells_of_a_page_are_one_short_line_and_a_row_is_whole(tmp_path: Path) -> None:
    text = "a\nb\x1b[0m" + "x" * 1_000_000
    browser = browse(tmp_path / "a.jsonl", {"text": text, "many": list(range(100_000)), "none": None})
    (page,) = browser.page("train", 0, 1)
    assert [len(cell) for cell in page] == [CELL_WIDTH, CELL_WIDTH, len(cells.NULL)]
    assert page[0].startswith("a⏎b␛[0mxxx")
    assert page[0].endswith("x…")
    assert page[1].startswith("[0, 1, 2, ")
    row = browser.row("train", 0)
    assert row["text"] == "a\nb␛[0m" + "x" * 1_000_000
    assert row["many"].endswith("99998, 99999]")
    assert browser.raw("train", 0)["text"] == text


def test_a_cell_that_just_fits_is_not_cut(tmp_path: Path) -> None:
    browser = browse(tmp_path / "a.jsonl", {"text": "x" * CELL_WIDTH})
    assert browser.page("train", 0, 1) == [["x" * CELL_WIDTH]]


def test_class_labels_show_their_names() -> None:
    browser = show({"y": 1}, {"y": None}, y=datasets.ClassLabel(names=["no", "yes"]))
    assert browser.page("train", 0, 2) == [["1 (yes)"], [cells.NULL]]
    assert browser.row("train", 0) == {"y": "1 (yes)"}
    assert browser.raw("train", 0) == {"y": 1}
    assert browser.columns("train")[0].type == "ClassLabel(2)"


def test_mixed_json_values_are_shown_as_json(tmp_path: Path) -> None:
    browser = browse(tmp_path / "a.jsonl", {"x": 1}, {"x": "one"}, {"x": {"a": [1]}})
    assert [row[0] for row in browser.page("train", 0, 3)] == ["1", '"one"', '{"a":[1]}']
    assert [browser.raw("train", index)["x"] for index in range(3)] == [1, "one", {"a": [1]}]
    assert browser.columns("train")[0].type == "json"


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (datasets.Value("string"), "text"),
        (datasets.Value("large_string"), "text"),
        (datasets.Value("float32"), "float32"),
        (datasets.List(datasets.Value("string")), "list[text]"),
        (datasets.List(datasets.ClassLabel(names=["O", "B"])), "list[ClassLabel(2)]"),
        ({"a": datasets.List(datasets.Value("int64"))}, "{a: list[int64]}"),
        (datasets.Image(), "image"),
    ],
)
def test_types_in_short(feature: Any, expected: str) -> None:
    assert type_name(feature) == expected


def test_images_are_not_decoded_for_a_page() -> None:
    features = datasets.Features(image=datasets.Image())
    table = pa.table({"image": [{"bytes": b"no image", "path": None}]}, schema=features.arrow_schema)
    rows = datasets.Dataset(table, info=datasets.DatasetInfo(features=features))
    browser = Browser(DataConfig(id="x"), datasets.DatasetDict({"train": rows}))
    assert browser.page("train", 0, 1) == [["{bytes: <8 bytes>, path: null}"]]


def test_three_thousand_columns(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    names = [f"c{index}" for index in range(3000)]
    path.write_text("\n".join([",".join(names), *(",".join(map(str, range(row, row + 3000))) for row in range(2))]))
    browser = Browser.open(str(path))
    assert [column.name for column in browser.columns("train")] == names
    assert browser.page("train", 1, 1)[0][2999] == "3000"


@pytest.mark.parametrize("ref", ["nowhere.csv", "bad.jsonl.gz"])
def test_what_cannot_be_opened_says_so(ref: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.jsonl.gz").write_bytes(b"no gzip at all")
    with pytest.raises(FinetuiError):
        Browser.open(ref)


def test_a_page_reads_no_more_than_its_rows(tmp_path: Path) -> None:
    """Half a million rows: what a page allocates does not depend on how many there are."""
    path = tmp_path / "rows.csv"
    path.write_text("n,text\n" + "".join(f"{n},row {n} with some text\n" for n in range(500_000)))
    browser = Browser.open(str(path))
    before = pa.total_allocated_bytes()
    for start in (0, 250_000, 499_980):
        assert browser.page("train", start, 20)[0] == [str(start), f"row {start} with some text"]
    assert pa.total_allocated_bytes() - before < 100_000


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="the system does not say what is resident")
def test_looking_at_every_page_keeps_little_of_the_file_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("n,text\n" + "".join(f"{n},{'x' * 500} {n}\n" for n in range(50_000)))
    browser = Browser.open(str(path))
    (file,) = {entry["filename"] for entry in browser.rows("train").cache_files}
    for start in range(0, 50_000, 100):
        assert browser.page("train", start, 100)[99][0] == str(start + 99)
    entries = Path("/proc/self/smaps").read_text(errors="replace").split(file)[1:]
    resident = sum(int(entry.partition("Rss:")[2].split()[0]) * 1024 for entry in entries)
    assert Path(file).stat().st_size > 25_000_000
    assert resident < 10_000_000
    assert browser.row("train", 49_999)["n"] == "49999"


@pytest.mark.parametrize(
    ("folder", "split", "first"),
    [
        ("mrpc", "validation", ["He said", "1"]),
        ("jglue", "test", ["建物の庭", "neutral"]),
        ("wnut17", "train", ['["@paulwalk", "It"', "B-location"]),
    ],
)
def test_the_shared_data_sets(folder: str, split: str, first: list[str], shared: Path) -> None:
    browser = Browser.open(str(shared / "data" / folder))
    row = " ".join(browser.page(split, 0, 1)[0])
    assert all(piece in row for piece in first)
