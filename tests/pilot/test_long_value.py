"""A value that is longer than its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.pilot.driving import driven, text, type_in, until_shown
from tests.pilot.test_configure import form_of, go_to

LONG = "train: a-folder-of-some-length/train.jsonl, test: a-folder-of-some-length/test.jsonl"


async def test_a_line_without_the_focus_shows_the_beginning_and_that_it_is_cut(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen: Any = await form_of(pilot)
        row = await go_to(pilot, "data", "files")
        await type_in(pilot, LONG)
        assert "some-length/test.jsonl" in text(pilot)
        await pilot.press("up")
        await until_shown(pilot, f"{LONG[:40]}")
        line = next(line for line in text(pilot).splitlines() if "files " in line)
        assert "…" in line
        assert screen.form.draft.texts["data", "files"] == row.text == LONG
        await pilot.press("down")
        await until_shown(pilot, "some-length/test.jsonl")


async def test_wide_characters_are_cut_whole(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await go_to(pilot, "data", "id")
        await type_in(pilot, "a" + "日本" * 20, "up")
        await until_shown(pilot, "a日本日本")
        line = next(line for line in text(pilot).splitlines() if "日本" in line)
        assert "…" in line
