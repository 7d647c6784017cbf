"""The form of a task: its roles are fields, and what counts for it alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.forms import layout, outlook
from tui.forms.draft import Draft
from tui.forms.fields import COLUMNS


@pytest.mark.parametrize(
    ("task", "roles", "windows"),
    [
        ("token-classification", ["tokens", "tags"], False),
        ("question-answering", ["question", "context", "answers", "answer_start"], True),
        ("seq2seq-lm", ["source", "target"], False),
        ("masked-lm", ["text"], False),
        ("feature-extraction", ["anchor", "positive", "negative", "score"], False),
    ],
)
def test_the_roles_of_a_task_are_fields(task: str, roles: list[str], windows: bool) -> None:
    draft = Draft({"task": task})
    draft.take_roles()
    order = list(draft.order())
    assert [path[-1] for path in order if path[:2] == COLUMNS] == roles
    assert (("data", "stride") in order) is windows
    assert (("data", "misaligned_answers") in order) is windows
    assert (("embedding", "loss") in order) is (task == "feature-extraction")
    assert task in draft.fields["task",].choices


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("seq2seq-lm", {"prefix", "max_target_length"}),
        ("masked-lm", {"packing", "mask_probability"}),
        ("causal-lm", {"packing"}),
        ("sequence-classification", set()),
    ],
)
def test_fields_that_other_tasks_refuse_are_not_shown(task: str, expected: set[str]) -> None:
    order = {path[1] for path in Draft({"task": task}).order() if len(path) > 1}
    assert order & {"packing", "prefix", "max_target_length", "mask_probability"} == expected


def test_what_the_data_says_of_tags_stands_at_their_field(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"tokens": ["Ada", "ran"], "ner_tags": ["B-PER", "O"]}) + "\n")
    seen = outlook.look({"task": "token-classification", "data": {"id": str(tmp_path / "rows.jsonl")}}, fetch=False)
    assert seen is not None
    assert seen.error is None
    assert seen.noted == (*COLUMNS, "tags")
    assert seen.notes == ["2 labels: O, B-PER"]
    assert seen.guesses["metrics",] == "seqeval"
    assert layout.shown(seen.noted, {})
