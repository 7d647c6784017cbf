"""The form of a task: its roles are fields, and what counts for it alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import config_file
from core.tasks import task_class
from tui.forms import layout, outlook
from tui.forms.draft import ENGINE, TASK, Draft
from tui.forms.fields import COLUMNS
from tui.forms.fields import Path as FieldPath

WEIGHTS: FieldPath = ("class_weights",)


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


@pytest.mark.parametrize(
    ("task", "kind", "hidden"),
    [
        ("causal-lm", "prompt-tuning", {"loss", "label_smoothing_factor"}),
        ("causal-lm", "prefix-tuning", {"label_smoothing_factor"}),
        ("causal-lm", "lora", set()),
        ("sequence-classification", "prompt-tuning", set()),
    ],
)
def test_fields_that_a_method_passes_over_are_not_shown_or_say_why(task: str, kind: str, hidden: set[str]) -> None:
    draft = Draft({"task": task, "method": {"kind": kind}})
    draft.take_roles()
    assert {"loss", "label_smoothing_factor"} - {path[-1] for path in draft.order()} == hidden
    draft.texts["training", "label_smoothing_factor"] = "0.1"
    said = draft.check(("training", "label_smoothing_factor"))
    assert (f"through {kind}: empty it" in said) is ("label_smoothing_factor" in hidden)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [((0.5, 1.5), "there are no classes to weigh"), ((["a"], ["b"]), "a row may have several"), (("a", "b"), "")],
)
def test_weights_of_classes_are_off_where_no_row_has_one_class(
    tmp_path: Path, labels: tuple[object, object], reason: str
) -> None:
    rows = [{"text": "x", "label": label} for label in labels]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    seen = outlook.look({"data": {"id": str(tmp_path / "rows.jsonl")}}, fetch=False)
    assert seen is not None
    draft = Draft()
    draft.idle = seen.idle
    assert (WEIGHTS in draft.order()) is not bool(reason)
    draft.texts[WEIGHTS] = "balanced"
    assert WEIGHTS in draft.order()
    assert draft.check(WEIGHTS).startswith(reason)
    assert bool(draft.check(WEIGHTS)) is bool(reason)


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("question-answering", "an answer is two positions"),
        ("preference", "it is `label_smoothing`"),
        ("feature-extraction", "no classes to smooth"),
        ("causal-lm", ""),
    ],
)
def test_an_argument_that_the_task_does_not_take_is_not_shown(task: str, reason: str) -> None:
    smoothing = ("training", "label_smoothing_factor")
    draft = Draft({"task": task})
    draft.take_roles()
    assert (smoothing in draft.order()) is not bool(reason)
    draft.texts[smoothing] = "0.1"
    assert smoothing in draft.order()
    assert reason in draft.check(smoothing)
    assert bool(draft.check(smoothing)) is bool(reason)
    draft.texts[smoothing] = "0.0"  # as a run writes it down
    assert draft.check(smoothing) == ""


@pytest.mark.parametrize("task", ["preference", "feature-extraction"])
def test_an_engine_that_does_not_train_the_task_is_off_and_says_why(task: str) -> None:
    draft = Draft({"task": task, "engine": "loop"})
    draft.take_roles()
    (reason,) = draft.off_at()[ENGINE].values()
    assert reason == task_class(task).never_in_loop  # type: ignore[arg-type]
    assert draft.check(ENGINE) == reason
    draft.texts[TASK] = "causal-lm"
    draft.take_roles()
    assert draft.off_at()[ENGINE] == {}
    assert draft.check(ENGINE) == ""


def test_what_the_data_says_of_tags_stands_at_their_field(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"tokens": ["Ada", "ran"], "ner_tags": ["B-PER", "O"]}) + "\n")
    seen = outlook.look({"task": "token-classification", "data": {"id": str(tmp_path / "rows.jsonl")}}, fetch=False)
    assert seen is not None
    assert seen.error is None
    assert seen.noted == (*COLUMNS, "tags")
    assert seen.notes == ["2 labels: O, B-PER"]
    assert seen.guesses["metrics",] == "seqeval"
    assert layout.shown(seen.noted, {})


def test_what_a_run_writes_down_is_taken_back(shared: Path) -> None:
    """Every config of a run spells out the defaults, those of other tasks as well."""
    config = config_file.validate(
        {"model": {"id": str(shared / "models/bert-tiny-uncased")}, "data": {"id": str(shared / "data/mrpc")}}
    )
    for task in ("sequence-classification", "seq2seq-lm", "causal-lm"):
        draft = Draft({**config_file.to_data(config), "task": task})
        draft.take_roles()
        assert not [problem for problem in draft.problems() if "it is for" in problem.message]
    draft.texts["data", "misaligned_answers"] = "skip"
    assert "it is for question-answering: empty it" in [problem.message for problem in draft.problems()]
