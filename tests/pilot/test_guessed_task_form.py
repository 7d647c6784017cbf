"""The form takes the task that the columns of its data are for."""

from __future__ import annotations

import json
from pathlib import Path

from core.config import DataConfig
from tests.pilot.driving import driven, until_shown
from tests.pilot.test_configure import form_of


async def test_data_chooses_the_task_that_nobody_chose(own_place: Path) -> None:
    row = {"id": "1", "context": "a b", "question": "which", "answers": {"text": ["b"], "answer_start": [2]}}
    (own_place / "squad.jsonl").write_text(json.dumps(row) + "\n")
    async with driven(own_place / "runs", "f3", size=(120, 40)) as pilot:
        screen = await form_of(pilot)
        screen.fill(DataConfig(id="squad.jsonl"), None)
        await until_shown(pilot, "« question-answering »", "context (guessed)", "squad (guessed)")
        assert screen.form.draft.data()["task"] == "question-answering"
