"""Datasets of some size, driven by keys: search, filter, statistics, export, what the data is."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import datasets
import pytest
from textual.pilot import Pilot

from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_datasets import SIZES, opened
from tui.app import FinetuiApp
from tui.widgets.row_table import RowTable

TIDE = "the river runs past the old mill and down to the sea where boats wait for the tide"
WORDS = TIDE.split()


@pytest.fixture
def letters(own_place: Path) -> str:
    """A saved dataset with a ClassLabel: 300 rows to train on, of which 6 are there twice, and 40 to evaluate on, of
    which 3 stand in the others."""
    features = datasets.Features(
        text=datasets.Value("string"),
        label=datasets.ClassLabel(names=["bad", "good", "[red]odd"]),
        tags=datasets.List(datasets.Value("string")),
    )

    def rows(first: int, count: int) -> list[dict[str, Any]]:
        return [
            {
                "text": f"{n}: " + " ".join(WORDS[: 2 + n * 7 % len(WORDS)]) + (" [Needle]" if n % 60 == 42 else ""),
                "label": 2 if n % 25 == 0 else n % 3 % 2,
                "tags": ["a", "b"][: n % 3],
            }
            for n in range(first, first + count)
        ]

    train, evaluation = rows(0, 294), rows(1000, 37)
    splits = {"train": [*train, *train[:6]], "validation": [*evaluation, *train[10:13]]}
    saved = {name: datasets.Dataset.from_list(found, features=features) for name, found in splits.items()}
    datasets.DatasetDict(saved).save_to_disk(own_place / "letters")
    return "letters"


def said(pilot: Pilot[int]) -> str:
    """The status line."""
    return text(pilot).splitlines()[1]


async def test_the_header_says_size_classes_and_nested_columns(tmp_path: Path, letters: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, letters)
        shown = text(pilot)
        assert re.search(r"letters · [\d.]+ KiB on disk", shown)
        assert "label ClassLabel(3) bad, good, [red]odd  tags list[text]" in shown
        await pilot.press("i")
        await until_shown(pilot, "train: 300 rows, 3 columns", "label: ClassLabel(3)", "1 good", "as train")
        await pilot.press("escape")
        await until_shown(pilot, "[train 300]")


async def test_a_search_goes_from_hit_to_hit_and_round(tmp_path: Path, letters: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        table = await opened(pilot, letters)
        await pilot.press("slash")
        await type_in(pilot, "[needle]", "enter")
        await until(pilot, lambda: table.cursor_row == 42)
        assert "hit 1 of 5" in said(pilot)
        await pilot.press("n", "n")
        await until_shown(pilot, "hit 3 of 5", "row 162")
        await pilot.press("N", "N", "N")
        await until_shown(pilot, "hit 5 of 5", "row 282")
        await pilot.press("n")
        await until_shown(pilot, "hit 1 of 5", "row 42")
        await pilot.press("enter")
        await until_shown(pilot, "row 42 of 300", "[Needle]")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "hit" not in said(pilot))
        assert pilot.app.focused is table


async def test_a_search_without_a_hit_says_so_and_keeps_what_was_typed(tmp_path: Path, letters: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        table = await opened(pilot, letters)
        await pilot.press("slash")
        await type_in(pilot, "[NEEDLE]", "enter")
        await until_shown(pilot, "no row that is shown holds [NEEDLE]")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.focused is table)


async def test_a_filter_shows_rows_under_their_own_numbers(tmp_path: Path, letters: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, letters)
        await pilot.press("f")
        await type_in(pilot, "lable = 2", "enter")
        await until_shown(pilot, "there is no column lable", "did you mean label?")
        await pilot.press(*["backspace"] * 9, *["delete"] * 9)
        await type_in(pilot, "label = bad and text contains '[needle]' and length > 60", "enter")
        await until_shown(pilot, "filter: 2 of 300 rows", "102", "282: the river")
        assert "103: " not in text(pilot)
        await pilot.press("down")
        await until_shown(pilot, "row 282")
        await pilot.press("enter")
        await until_shown(pilot, "row 282 of 300 · 2 of 2 shown")
        await pilot.press("left")
        await until_shown(pilot, "row 102 of 300 · 1 of 2 shown")
        await pilot.press("escape")
        await until_shown(pilot, "row 102")
        await pilot.press("slash")
        await type_in(pilot, "282", "enter")
        await until_shown(pilot, "hit 1 of 1", "row 282")
        await pilot.press("escape")
        await until(pilot, lambda: "hit" not in said(pilot) and "filter" in said(pilot))
        await pilot.press("escape")
        await until_shown(pilot, "281: the river")
        assert "filter" not in said(pilot)
        assert isinstance(pilot.app.focused, RowTable)
        assert pilot.app.focused.cursor_row == 282


async def test_statistics_count_labels_lengths_and_what_is_there_twice(tmp_path: Path, letters: str) -> None:
    async with driven(tmp_path / "runs", "f2", size=(120, 40)) as pilot:
        await opened(pilot, letters)
        await pilot.press("s")
        await until_shown(pilot, "characters per row", "of text, tags; m on the rows chooses a tokenizer", "longest")
        shown = text(pilot)
        assert "3 labels, 14.7 to 1" in shown
        assert re.search(r"\[red\]odd +█+. +4\.3 % +13", shown)
        assert "6 rows equal an earlier row of the split: 294, 295, 296, 297, 298, 299" in shown
        assert "3 rows of validation stand in train: 37, 38, 39" in shown


async def test_statistics_count_the_rows_that_a_filter_shows(tmp_path: Path, letters: str) -> None:
    async with driven(tmp_path / "runs", "f2", size=(120, 40)) as pilot:
        await opened(pilot, letters)
        await pilot.press("right_square_bracket", "f")
        await type_in(pilot, "label != good", "enter")
        await until_shown(pilot, "filter: ")
        rows = datasets.load_from_disk(letters)["validation"]
        odd = [index for index, label in enumerate(rows["label"]) if label != 1]
        await pilot.press("s")
        await until_shown(pilot, f"validation · {len(odd)} of 40 rows, those that are shown", "longest")
        shown = text(pilot)
        assert "good" in shown
        assert re.search(r"good +0\.0 % +0", shown)
        assert "0 rows equal an earlier row of those that are shown" in shown
        leaked = [row for row in (37, 38, 39) if row in odd]
        assert f"in train (of the rows that are shown): {', '.join(map(str, leaked))}" in shown


async def test_lengths_in_tokens_and_how_many_rows_are_truncated(
    tmp_path: Path, letters: str, shared: Path, own_place: Path
) -> None:
    bert = own_place / "bert"
    bert.mkdir()
    for file in (shared / "models" / "bert-tiny-uncased").iterdir():
        (bert / file.name).symlink_to(file)
    (bert / "config.json").unlink()
    config = json.loads((shared / "models" / "bert-tiny-uncased" / "config.json").read_text())
    (bert / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 16}))
    async with driven(tmp_path / "runs", "f2", size=(120, 40)) as pilot:
        await opened(pilot, letters)
        await pilot.press("m")
        await type_in(pilot, "bert", "enter")
        await until_shown(pilot, "⟨[CLS]⟩")
        await pilot.press("escape", "s")
        await until_shown(pilot, "tokens per row", "as the model gets it: text = text, label = label", "max_length 16")
        from transformers import AutoTokenizer

        texts = datasets.load_from_disk(str(own_place / letters))["train"]["text"][:]
        lengths = [len(ids) for ids in AutoTokenizer.from_pretrained(bert)(texts)["input_ids"]]
        cut = sum(length > 16 for length in lengths)
        assert 0 < cut < 300
        await until_shown(pilot, f"max_length 16 (┊): {cut} rows, {cut / 3:.1f} %, are truncated", "┊")


async def test_export_writes_the_rows_that_are_shown_and_asks_before_it_replaces(
    tmp_path: Path, letters: str, own_place: Path
) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, letters)
        await pilot.press("f")
        await type_in(pilot, "label = 2", "enter")
        await until_shown(pilot, "filter: 13 of 300 rows")
        await pilot.press("x")
        await until_shown(pilot, "Write 13 rows where?", "train-filtered.jsonl")
        await pilot.press("enter")
        await until(pilot, lambda: (own_place / "train-filtered.jsonl").is_file())
        lines = (own_place / "train-filtered.jsonl").read_text().splitlines()
        assert [json.loads(line)["label"] for line in lines] == [2] * 13
        (own_place / "train-filtered.jsonl").write_text("mine")
        await pilot.press("x")
        await until_shown(pilot, "Write 13 rows where?")
        await pilot.press("enter")
        await until_shown(pilot, "is there already: Enter again replaces it")
        assert (own_place / "train-filtered.jsonl").read_text() == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: (own_place / "train-filtered.jsonl").read_text().count("\n") == 13)


async def test_escape_ends_a_pass_over_many_rows(tmp_path: Path, own_place: Path, monkeypatch: Any) -> None:
    """Rows come slowly here, as they do from a slow disk."""
    from core.data import chunks

    whole = chunks._tables

    def slowly(rows: Any, columns: list[str]) -> Any:
        for table in whole(rows, columns):
            for start in range(len(table)):
                asyncio.run(asyncio.sleep(0.05))
                yield table.slice(start, 1)

    (own_place / "a.jsonl").write_text("".join(json.dumps({"text": f"row {n}"}) + "\n" for n in range(3000)))
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, "a.jsonl")
        monkeypatch.setattr(chunks, "_tables", slowly)
        await pilot.press("slash")
        await type_in(pilot, "2999", "enter")
        await until_shown(pilot, "searching 2999", "1 %", "Esc stops")
        await pilot.press("escape")
        await until_shown(pilot, "the search was stopped")
        await pilot.press("escape", "s")
        await until_shown(pilot, "comparing texts", "%")
        await pilot.press("escape")
        await until_shown(pilot, "stopped")
        await pilot.press("escape")
        await until_shown(pilot, "[train 3,000]")
        await pilot.press("x", "enter")
        await until(pilot, lambda: (own_place / "train.jsonl").is_file())


async def test_a_megabyte_in_a_cell_can_be_read_to_its_end(tmp_path: Path, own_place: Path) -> None:
    words = " ".join(f"word{n}" for n in range(120_000))
    (own_place / "a.jsonl").write_text(json.dumps({"text": words, "n": 1}) + "\n")
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, "a.jsonl")
        await pilot.press("enter")
        await until_shown(pilot, "word0 word1 ")
        await pilot.press("end")
        await until_shown(pilot, "word119999")
        await pilot.press("escape", "slash")
        await type_in(pilot, "word60000 ", "enter")
        await until_shown(pilot, "hit 1 of 1")
        await pilot.press("enter")
        await until_shown(pilot, "word60000 word60001")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("view", ["search", "filter", "wrong_filter", "statistics", "export"])
def test_views(snap_compare: Any, tmp_path: Path, letters: str, size: tuple[int, int], view: str) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        await opened(pilot, letters)
        match view:
            case "search":
                await pilot.press("slash")
                await type_in(pilot, "needle", "enter")
                await until_shown(pilot, "hit 1 of 5")
            case "filter":
                await pilot.press("f")
                await type_in(pilot, "label = good and length > 80", "enter")
                await until_shown(pilot, "filter: ")
            case "wrong_filter":
                await pilot.press("f")
                await type_in(pilot, "label = good and lenght > 80", "enter")
                await until_shown(pilot, "there is no column")
            case "statistics":
                await pilot.press("s")
                await until_shown(pilot, "longest", "─")
                await until(pilot, lambda: "Esc stops)" not in text(pilot))
            case "export":
                await pilot.press("x")
                await until_shown(pilot, "Write 300 rows where?", "letters · ")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
