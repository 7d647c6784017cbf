"""What was wrong with a field is not said any longer than it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import FinetuiError
from tests.pilot.driving import driven, text, type_in, until_shown
from tests.pilot.test_configure import form_of, go_to

NOTHING = FinetuiError("lora finds nothing to adapt", key="method.target_modules")


async def test_an_error_goes_with_the_text_that_it_was_about(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3", size=(120, 40)) as pilot:
        await form_of(pilot)
        await go_to(pilot, "training", "learning_rate")
        await type_in(pilot, "fast", "down")
        await until_shown(pilot, "✗ must be a valid number")
        await pilot.press("up", "backspace")
        await pilot.pause()
        assert "✗" not in text(pilot)


async def test_a_refused_run_is_another_after_any_change(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3", size=(120, 60)) as pilot:
        screen: Any = await form_of(pilot)
        await screen.form.replace({"method": {"kind": "lora"}})
        await go_to(pilot, "training", "learning_rate")
        await type_in(pilot, "fast", "down")
        await until_shown(pilot, "✗ must be a valid number")
        screen.form.tell(NOTHING)
        await until_shown(pilot, "✗ lora finds nothing to adapt")
        await go_to(pilot, "model", "id")
        await type_in(pilot, "m")
        await pilot.pause()
        assert "lora finds nothing" not in text(pilot)
        assert "✗ must be a valid number" in text(pilot)


async def test_what_the_data_was_refused_for_goes_when_other_data_is_read(tmp_path: Path, own_place: Path) -> None:
    (own_place / "a.jsonl").write_text('{"text": "a", "label": "b"}\n' * 4)
    async with driven(tmp_path / "runs", "f3", size=(120, 60)) as pilot:
        await form_of(pilot)
        await go_to(pilot, "data", "columns", "label")
        await type_in(pilot, "txt")
        await go_to(pilot, "data", "id")
        await type_in(pilot, "a.jsonl", "down")
        await until_shown(pilot, "there is no column txt")
        await go_to(pilot, "data", "id")
        await pilot.press(*["backspace"] * 7, "down")
        await pilot.pause(0.2)
        assert "no column txt" not in text(pilot)
