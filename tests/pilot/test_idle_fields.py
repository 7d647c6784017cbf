"""Fields and words of the form that mean nothing for its task or its data: out of view, or off with the reason."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pilot.driving import driven, text, type_in, until, until_shown
from tests.pilot.test_configure import form_of, go_to
from tui.forms.draft import ENGINE


async def test_numbers_have_no_classes_to_weigh(own_place: Path, tmp_path: Path) -> None:
    rows = [{"text": f"row {row}", "label": row / 2} for row in range(8)]
    (own_place / "numbers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    async with driven(tmp_path / "runs", "f3", size=(120, 40)) as pilot:
        screen = await form_of(pilot)
        await until_shown(pilot, "more: loss, class_weights, stop_on_nan")
        await go_to(pilot, "data", "id")
        await type_in(pilot, "numbers.jsonl", "enter")
        await until_shown(pilot, "more: loss, stop_on_nan")
        assert screen.form.draft.idle == {("class_weights",): "there are no classes to weigh"}


async def test_an_engine_that_does_not_train_the_task_says_why(tmp_path: Path) -> None:
    async with driven(tmp_path / "runs", "f3") as pilot:
        screen = await form_of(pilot)
        await screen.form.replace({"task": "preference", "engine": "loop"})
        await screen.form.go_to(next(field for field in screen.form.draft.shown_fields() if field.path == ENGINE))
        await until_shown(pilot, "off here: TRL's DPOTrainer compares", "✗ TRL's DPOTrainer compares the model")
        assert "● loop" in text(pilot)
        await pilot.press("left", "down")
        await until(pilot, lambda: "loop" not in text(pilot) and "● trainer" in text(pilot))
        assert "✗" not in text(pilot)
