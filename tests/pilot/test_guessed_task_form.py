"""The form takes the task that the columns of its data are for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.config import DataConfig
from tests.pilot.driving import driven, type_in, until, until_shown
from tests.pilot.test_configure import form_of
from tests.pilot.test_datasets import opened


async def test_data_chooses_the_task_that_nobody_chose(own_place: Path) -> None:
    row = {"id": "1", "context": "a b", "question": "which", "answers": {"text": ["b"], "answer_start": [2]}}
    (own_place / "squad.jsonl").write_text(json.dumps(row) + "\n")
    async with driven(own_place / "runs", "f3", size=(120, 40)) as pilot:
        screen = await form_of(pilot)
        screen.fill(DataConfig(id="squad.jsonl"), None)
        await until_shown(pilot, "« question-answering »", "context (guessed)", "squad (guessed)")
        assert screen.form.draft.data()["task"] == "question-answering"


async def test_train_on_this_comes_with_what_the_inspector_had(tmp_path: Path, shared: Path) -> None:
    model = str(shared / "models" / "bert-tiny-uncased")
    async with driven(tmp_path / "runs", "f2", size=(120, 40)) as pilot:
        await opened(pilot, str(shared / "data" / "wnut17"))
        await pilot.press("t")
        await type_in(pilot, model, "enter")
        await until_shown(pilot, "token-classification (guessed)")
        await pilot.press("escape", "T")
        await until_shown(pilot, "F3 Configure", "« token-classification »", "tokens (guessed)", "bert-tiny-uncased")
        screen: Any = pilot.app.screen
        await until(pilot, lambda: screen.form.draft.texts["model", "id"] == model)
        assert screen.form.draft.data()["task"] == "token-classification"
