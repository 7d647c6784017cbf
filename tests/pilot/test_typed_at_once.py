"""Keys that come faster than a dialog: a hurried hand, a paste, or a busy machine."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot

from tests.pilot.driving import driven, type_in, until, until_shown
from tests.pilot.test_configure import form_of
from tests.pilot.test_find_option import NEFTUNE, libraries
from tui.screens import form_screen
from tui.screens.path_dialog import PathDialog
from tui.screens.sample_dialogs import AskDialog

__all__ = ["libraries"]


def at_once(pilot: Pilot[int], line: str, *then: str) -> None:
    """As a terminal sends them: one after the other, with no word from the screen between them."""
    for char in line:
        pilot.app.post_message(Key({"_": "underscore", "/": "slash"}.get(char, char), char))
    for key in then:
        pilot.app.post_message(Key(key, None))


async def test_an_option_that_is_typed_while_the_arguments_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = threading.Event()
    further = form_screen._further

    def slowly(draft: Any) -> Mapping[tuple[str, ...], Any]:
        read.wait(60)
        return further(draft)

    monkeypatch.setattr(form_screen, "_further", slowly)
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen: Any = await form_of(pilot)
        before = screen.form.draft.filled()
        await pilot.press("ctrl+g")
        await type_in(pilot, "neftune", "enter")
        await until_shown(pilot, "reading the training arguments")
        read.set()
        await until(pilot, lambda: (row := screen.form.form.row(NEFTUNE)) is not None and row.has_focus_within)
        assert screen.form.draft.filled() == before


async def test_a_name_that_is_there_already_need_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = threading.Event()
    further = form_screen._further
    monkeypatch.setattr(form_screen, "_further", lambda draft: read.wait(60) and further(draft))
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen: Any = await form_of(pilot)
        await pilot.press("ctrl+g")
        await type_in(pilot, "learning_rate", "enter")
        row = screen.form.form.row(("training", "learning_rate"))
        await until(pilot, lambda: row.has_focus_within)
        read.set()
        await pilot.app.workers.wait_for_complete()
        assert row.has_focus_within


async def test_a_dialog_takes_what_comes_before_it_stands(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs") as pilot:
        given: list[str | None] = []
        pilot.app.push_screen(PathDialog("Open", "opens", "a file", "old.yaml"), given.append)
        at_once(pilot, "new/file", "enter")
        await until(pilot, lambda: given)
        assert given == ["new/file"]


async def test_a_question_to_the_model_takes_what_comes_before_it_stands(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs") as pilot:
        given: list[Any] = []
        pilot.app.push_screen(AskDialog(pair=False), given.append)
        at_once(pilot, "Toulouse", "enter")
        await until(pilot, lambda: given)
        assert given[0].text == "Toulouse"
