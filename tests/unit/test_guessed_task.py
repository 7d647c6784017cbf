"""The task that the columns are for, in the form; help without HTML."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.option_help import plain_help
from core.tasks.guessing import fitting_task
from tui.forms import layout, outlook


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        (["id", "title", "context", "question", "answers"], "question-answering"),
        (["tokens", "ner_tags"], "token-classification"),
        (["prompt", "chosen", "rejected"], "preference"),
        (["sentence", "label"], "sequence-classification"),
        (["text"], None),
        (["a", "b"], None),
    ],
)
def test_task_by_columns(columns: list[str], task: str | None) -> None:
    assert fitting_task(columns) == task


def test_a_wrong_task_is_told_the_right_one(tmp_path: Path) -> None:
    row = {"id": "1", "context": "a b", "question": "which", "answers": {"text": ["b"], "answer_start": [2]}}
    (tmp_path / "train.jsonl").write_text(json.dumps(row) + "\n")
    seen = outlook.look({"data": {"id": f"{tmp_path}/"}}, fetch=False)
    assert seen is not None
    assert seen.error is not None
    assert seen.task == "question-answering"
    assert seen.error.hint.startswith("these columns are for the task question-answering: choose it")


def test_help_has_no_html() -> None:
    raw = "Enable <a href='https://x.org/1'>'DoRA'</a>. With <s> and\n <dataset>."
    assert plain_help(raw) == "Enable 'DoRA'. With <s> and <dataset>."


def test_a_task_with_a_loss_of_its_own_has_no_line_for_one() -> None:
    shown = {task: layout.shown(("loss",), {("task",): task}) for task in ("chat", "question-answering", "causal-lm")}
    assert shown == {"chat": False, "question-answering": False, "causal-lm": True}
