"""A choice of the form takes letters: they go to the option that begins with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_configure import form_of, go_to
from tui.widgets import choice


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no pause between two letters."""
    monkeypatch.setattr(choice, "PAUSE", 60.0)


async def on_method(pilot: Pilot[int]) -> Any:
    screen = await form_of(pilot)
    await go_to(pilot, "method", "kind")
    return screen.form.draft


@pytest.mark.usefixtures("unhurried")
async def test_typed_name_is_chosen_and_seen(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        draft = await on_method(pilot)
        await type_in(pilot, "lo")
        await until_shown(pilot, "« lora »   typed: lo")
        await type_in(pilot, "Kr")
        assert draft.kind == "lokr"
        await pilot.press("backspace", "backspace", "backspace")
        await type_in(pilot, "n-")
        assert draft.kind == "ln-tuning"
        await until_shown(pilot, "typed: ln-")
        await pilot.press("right")
        assert draft.kind == "prompt-tuning"
        await until(pilot, lambda: "typed" not in text(pilot))
        await until(pilot, lambda: draft._kind == "prompt-tuning" and not pilot.app.workers)


@pytest.mark.usefixtures("unhurried")
async def test_letters_of_no_option_change_nothing(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        draft = await on_method(pilot)
        await type_in(pilot, "lorx")
        assert draft.kind == "lora"
        await until_shown(pilot, "« lora »   lorx: none begins so")
        await pilot.press("down", "up")
        assert "lorx" not in text(pilot)
        await type_in(pilot, "jkhl")
        assert draft.kind == "lora"
        assert draft.texts["method", "kind"] == "lora"


async def test_pause_begins_another_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "PAUSE", 0.2)
    async with driven(tmp_path / "runs", "f3") as pilot:
        draft = await on_method(pilot)
        await pilot.press("l")
        await until(pilot, lambda: "typed" not in text(pilot))
        await pilot.pause(0.3)
        await pilot.press("o")
        assert draft.kind == "oft"
