"""The form under a person who types faster than it is drawn, and after a failure of its screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from core.training.arguments import options_of
from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_configure import form_of, go_to
from tui.screens.configure import ConfigureScreen
from tui.screens.dialogs import DefectDialog
from tui.screens.find_dialog import FindDialog


@pytest.fixture(autouse=True, scope="module")
def libraries() -> None:
    """transformers is imported, as it is in the app some seconds after its start."""
    options_of("sequence-classification")


def type_at_once(pilot: Pilot[int], *keys: str) -> None:
    """Keys that come without a pause, as from a paste."""
    for key in keys:
        pilot.app.post_message(Key(key, key if len(key) == 1 else None))


async def test_a_list_that_narrows_faster_than_it_is_drawn(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        await form_of(pilot)
        await pilot.press("ctrl+g")
        await until_shown(pilot, "Find an option")
        type_at_once(pilot, *"warmup_zz")
        await until_shown(pilot, "warmup_zz", "nothing is called that")
        assert isinstance(pilot.app.screen, FindDialog)
        await pilot.press("backspace", "backspace")
        type_at_once(pilot, *"steps")
        await until_shown(pilot, "warmup_steps", "training.warmup_steps")


async def test_what_is_typed_at_once_comes_to_the_field_that_was_found(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen = await form_of(pilot)
        await screen.form.replace({"model": {"id": "x"}, "method": {"kind": "lora"}})
        await until(pilot, lambda: screen.form.form.row(("method", "target_modules")) is not None)
        await go_to(pilot, "model", "id")
        await pilot.press("ctrl+g")
        await until_shown(pilot, "Find an option")
        await type_in(pilot, "target")
        dialog = pilot.app.screen
        assert isinstance(dialog, FindDialog)
        dialog.on_input_submitted(Input.Submitted(dialog.query_one(Input), "target"))
        type_at_once(pilot, *"q_proj")
        await until_shown(pilot, "» target_modules              q_proj")
        assert screen.form.draft.texts["model", "id"] == "x"


def _divide(*_: object) -> None:
    raise ZeroDivisionError


async def test_what_is_filled_in_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drive() -> None:
        async with driven(tmp_path / "runs", "f3") as pilot:
            await form_of(pilot)
            await go_to(pilot, "model", "id")
            await type_in(pilot, "some/model")
            await go_to(pilot, "training", "learning_rate")
            await type_in(pilot, "3e-4")
            before = pilot.app.screen
            assert isinstance(before, ConfigureScreen)
            await pilot.press("ctrl+g")
            await until_shown(pilot, "Find an option")
            with monkeypatch.context() as patched:
                patched.setattr(FindDialog, "_look", _divide)
                await pilot.press("x")
                await until(pilot, lambda: isinstance(pilot.app.screen, DefectDialog))
            await pilot.press("enter", "f3")
            await until_shown(pilot, "some/model", "new run · not saved")
            after: Any = pilot.app.screen
            assert after is not before
            assert after.form.draft.filled()["training", "learning_rate"] == "3e-4"
            await go_to(pilot, "training", "learning_rate")
            await type_in(pilot, "1")
            assert "3e-41" in text(pilot)

    with pytest.raises(ZeroDivisionError):
        await drive()
