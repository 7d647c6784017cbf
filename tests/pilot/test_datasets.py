"""Datasets, driven by keys: real files, the real browser, a real tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.pilot.driving import driven, text, type_in, until, until_shown
from tui.app import FinetuiApp
from tui.screens.datasets import _remember
from tui.screens.dialogs import ErrorDialog
from tui.widgets.row_table import RowTable

SIZES = [(80, 24), (120, 40)]
NASTY = [
    "[red]x[/]",
    "\x1b[2J\x1b]0;owned\x07",
    "日本語のとても長い文",
    "x" * 5000,
    "line one\nline two",
    "[/nothing]",
    "",
]


@pytest.fixture
def reviews(own_place: Path) -> str:
    """Two splits in a folder; the name of the folder."""
    folder = own_place / "reviews"
    folder.mkdir()
    for split, rows in (("train", 250), ("validation", 3)):
        lines = [
            json.dumps({"text": f"{split} text {index}", "label": ["bad", "good"][index % 2]}) for index in range(rows)
        ]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    return folder.name


@pytest.fixture
def nasty(own_place: Path) -> str:
    """A file of texts that must not reach the terminal as they are."""
    (own_place / "nasty.jsonl").write_text("".join(json.dumps({"text [b]": cell, "n": 1}) + "\n" for cell in NASTY))
    return "nasty.jsonl"


async def opened(pilot: Pilot[int], ref: str) -> RowTable:
    await type_in(pilot, ref, "enter")
    await until(pilot, lambda: isinstance(pilot.app.focused, RowTable))
    table = pilot.app.focused
    assert isinstance(table, RowTable)
    return table


async def test_splits_columns_and_rows_are_shown(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, reviews)
        shown = text(pilot)
        assert "[train 250]" in shown
        assert "validation 3" in shown
        assert "text text  label text" in shown
        assert "train text 0" in shown
        assert "good" in shown


async def test_go_to_a_row_of_a_page_that_is_not_read_yet(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        table = await opened(pilot, reviews)
        await pilot.press("g")
        await type_in(pilot, "249", "enter")
        await until_shown(pilot, "row 249", "train text 249")
        assert table.cursor_row == 249
        assert pilot.app.focused is table


async def test_a_row_number_beyond_the_end_is_the_last_row(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        table = await opened(pilot, reviews)
        await pilot.press("g")
        await type_in(pilot, "99999", "enter")
        await until(pilot, lambda: table.cursor_row == 249)


async def test_brackets_go_through_the_splits(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, reviews)
        await pilot.press("right_square_bracket")
        await until_shown(pilot, "[validation 3]", "validation text 2")
        await pilot.press("left_square_bracket")
        await until_shown(pilot, "[train 250]", "train text 0")


async def test_letters_move_like_arrows(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        table = await opened(pilot, reviews)
        await pilot.press("j", "j", "k")
        await until(pilot, lambda: table.cursor_row == 1)


async def test_enter_shows_the_whole_row_and_the_cursor_follows(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        table = await opened(pilot, reviews)
        await pilot.press("enter")
        await until_shown(pilot, "row 0 of 250", "train text 0")
        await pilot.press("right", "right")
        await until_shown(pilot, "row 2 of 250", "train text 2")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.focused is table and table.cursor_row == 2)


async def test_nothing_in_a_cell_is_markup_or_a_control_sequence(tmp_path: Path, nasty: str) -> None:
    async with driven(tmp_path / "runs", "f2", size=(120, 40)) as pilot:
        await opened(pilot, nasty)
        shown = text(pilot)
        assert "text [b] text" in shown
        for cell in ("[red]x[/]", "␛[2J␛]0;owned␇", "日本語のとても長い文", "line one⏎line two", "[/nothing]"):
            assert cell in shown
        for index in range(len(NASTY)):
            await pilot.press("enter")
            await until_shown(pilot, f"row {index} of {len(NASTY)}")
            assert "\x1b" not in text(pilot)
            await pilot.press("escape", "down")


async def test_another_width_lays_the_columns_out_anew(tmp_path: Path, nasty: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, nasty)
        await pilot.press("down", "down", "down")
        await pilot.resize_terminal(110, 24)
        await until_shown(pilot, "x" * 95, "row 3")
        await until(pilot, lambda: isinstance(pilot.app.focused, RowTable) and pilot.app.focused.cursor_row == 3)


async def test_what_cannot_be_opened_leaves_the_line_as_it_was_typed(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await type_in(pilot, f"./{reviews}/missing.csv", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ErrorDialog))
        assert "missing.csv" in text(pilot)
        await pilot.press("escape")
        await until_shown(pilot, f"./{reviews}/missing.csv")
        await pilot.press(*["backspace"] * len("/missing.csv"), "enter")
        await until_shown(pilot, "[train 250]")


async def test_open_data_stays_when_other_data_cannot_be_opened(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, reviews)
        await pilot.press("o", *["backspace"] * len(reviews))
        await type_in(pilot, "./nowhere", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ErrorDialog))
        await pilot.press("escape", "escape")
        await until_shown(pilot, "[train 250]", "train text 0")


async def test_tab_completes_a_path(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await type_in(pilot, "rev", "tab")
        await until_shown(pilot, "reviews/")
        await pilot.press("tab")
        await until_shown(pilot, "train.jsonl · validation.jsonl")


async def test_opened_data_is_offered_next_time(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2") as pilot:
        await opened(pilot, reviews)
    async with driven(tmp_path / "runs", "f2") as pilot:
        await until_shown(pilot, "opened before", reviews)
        await pilot.press("down", "down", "enter")
        await until_shown(pilot, "[train 250]")


def test_data_is_remembered_by_its_plain_path(own_place: Path, reviews: str) -> None:
    for way in (reviews, f"./{reviews}", f"{reviews}/../{reviews}"):
        assert _remember(way, "") == [str(own_place / "reviews")]
    assert _remember("nyu-mll/glue", "mrpc")[0] == "nyu-mll/glue\tmrpc"


async def test_train_on_this_fills_the_form(tmp_path: Path, reviews: str) -> None:
    async with driven(tmp_path / "runs", "f2", size=(120, 40)) as pilot:
        await opened(pilot, reviews)
        await pilot.press("T")
        await until_shown(pilot, "F3 Configure", "train 250 · validation 3", "text (guessed)", "2 labels: bad, good")


def test_asking_for_data(snap_compare: Any, tmp_path: Path, reviews: str) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        await type_in(pilot, reviews)
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_rows(snap_compare: Any, tmp_path: Path, reviews: str, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        await opened(pilot, reviews)
        await pilot.press("down", "down")
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_nasty_rows(snap_compare: Any, tmp_path: Path, nasty: str, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[int]) -> None:
        await pilot.press("f2")
        await opened(pilot, nasty)
        await pilot.pause()

    assert snap_compare(FinetuiApp(runs=tmp_path / "runs"), terminal_size=size, run_before=run)
