"""What the pre-flight says of single rows: which are empty, and where they stand in their source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from core import config_file
from core.config import DataConfig
from core.data import origin, sources
from core.errors import FinetuiError
from core.tasks import gold_answers
from core.tasks.causal_lm import CausalLM
from core.tasks.chat import Chat
from core.tasks.masked_lm import MaskedLM
from core.tasks.sequence_classification import SequenceClassification
from core.tasks.token_classification import TokenClassification
from core.training.preflight import balance, boundary, texts
from tui import preflight_words


def nobody(done: int, total: int) -> None:
    """Progress that nobody looks at."""


def test_an_instruction_needs_no_input() -> None:
    """Two thirds of an alpaca set have none: to drop them would be a loss, not a repair."""
    columns = {"instruction": ["a", "b", " "], "input": ["", "x", "y"], "output": ["1", "2", "3"]}
    rows = Dataset.from_dict(columns)
    (found,) = texts.empty(Chat(DataConfig(id="x"), rows, None), "train", rows, nobody)
    assert (found.rows, found.message) == ([2], "1 row has nothing in `instruction`")


@pytest.mark.parametrize(("packing", "severity"), [(True, "info"), (False, "warning")])
def test_lines_of_packed_text_are_no_reason_to_worry(packing: bool, severity: str) -> None:
    rows = Dataset.from_dict({"text": ["KING:", "", "To be.", "KING:", ""]})
    task = MaskedLM(DataConfig(id="x", packing=packing, max_length=8), rows, None)
    found = [
        *texts.empty(task, "train", rows, nobody),
        *texts.repeated(task, "train", rows, nobody),
        *texts.leaked(task, "validation", rows, rows, nobody),
    ]
    assert [finding.code for finding in found] == ["empty_text", "duplicate", "overlap"]
    assert {finding.severity for finding in found} == {severity}


def test_a_prompt_that_runs_into_its_completion_is_named() -> None:
    pairs = [
        ("How many are left?", "Seven."),
        ("1 + 1 =", "2"),
        ("Answer: ", "2"),
        ("Answer:", "2"),
        ("a word", " more"),
        ("a word", "more"),
        ("a word\n", "more"),
        ("", "said as empty"),
        ("said as empty", " "),
        (None, None),
    ]
    rows = Dataset.from_dict({"prompt": [pair[0] for pair in pairs], "completion": [pair[1] for pair in pairs]})
    (found,) = boundary.look(CausalLM(DataConfig(id="x"), rows, None), "train", rows, nobody)
    assert (found.code, found.severity, found.count, found.rows) == ("no_separator", "warning", 2, [0, 5])
    assert found.message == (
        "2 of 10 rows have nothing between prompt and completion, as in row 0: 'ny are left?Seven.'"
    )
    assert "end each prompt in" in found.hint


@pytest.mark.parametrize(
    ("odd", "rows", "said"),
    [
        ({7: "unknown", 30: "-"}, [7, 30], "holds numbers, but for 2 of 60 rows, as row 7: 'unknown'"),
        ({}, list(range(60)), "holds numbers that are written as texts, as row 0: '0.0'"),
        ({row: f"a text {row}" for row in range(40)}, [], "column `score` has 60 different labels in 60 rows"),
    ],
)
def test_numbers_among_which_are_texts_are_named_by_row(odd: dict[int, str], rows: list[int], said: str) -> None:
    values = [odd.get(row, str(row / 4)) for row in range(60)]
    data = Dataset.from_dict({"text": [f"row {row}" for row in range(60)], "score": values})
    task = SequenceClassification(DataConfig(id="x", columns={"label": "score"}), data, None)
    (found,) = balance.look(task, "train", data)
    assert (found.code, found.severity, found.rows) == ("labels_are_texts", "error", rows)
    assert said in found.message
    assert "data.columns.label" in found.hint


@pytest.mark.parametrize(
    ("sections", "end"),
    [
        ({}, ", or set class_weights: balanced"),
        ({"class_weights": {"ham": 1.0, "spam": 9.0}}, "; class_weights weigh the classes already"),
        ({"loss": "losses:focal"}, ", or weigh the classes in your own loss"),
        (
            {"training": {"label_smoothing_factor": 0.1}},
            ", or set class_weights: balanced in the place of label smoothing",
        ),
    ],
)
def test_the_hint_at_uneven_classes_minds_the_config(sections: dict[str, Any], end: str) -> None:
    data = Dataset.from_dict({"text": [str(row) for row in range(20)], "label": ["ham"] * 18 + ["spam"] * 2})
    config = config_file.validate(
        {"task": "sequence-classification", "model": {"id": "m"}, "data": {"id": "x"}, **sections}
    )
    (found,) = balance.look(SequenceClassification(config.data, data, None), "train", data, config)
    assert found.hint == f"accuracy is 0.90 for a model that learned nothing: watch F1{end}"


def test_what_a_chat_template_separates_needs_no_separator() -> None:
    rows = Dataset.from_dict({"prompt": ["why?"], "completion": ["so."]})
    task = Chat(DataConfig(id="x"), rows, None)
    assert boundary.look(task, "train", rows, nobody) == []
    text = Dataset.from_dict({"text": ["why?"]})
    assert boundary.look(CausalLM(DataConfig(id="x"), text, None), "train", text, nobody) == []


def test_a_row_that_was_held_out_is_found_in_its_source(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"n": n}) + "\n" for n in range(50)))
    splits = sources.load(DataConfig(files={"train": str(path)}, eval_fraction=0.2, limit={"train": 40}))
    for rows in splits.values():
        assert origin.source_rows(rows, [5, 0, 7]) == [rows["n"][5], rows["n"][0], rows["n"][7]]
        assert origin.in_source(rows, 3) == f" (row {rows['n'][3]} of the source)"
    whole = sources.load(DataConfig(files={"train": str(path)}))["train"]
    assert origin.source_rows(whole, [5]) is None
    assert origin.in_source(whole, 5) == ""


def test_an_answer_at_the_wrong_place_is_named_by_its_row_in_the_source(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = {"question": "what?", "context": "a banana split", "answers": {"text": ["banana"], "answer_start": [2]}}
    bad = {**good, "answers": {"text": ["cherry"], "answer_start": [2]}}
    path.write_text("".join(json.dumps(bad if n == 3 else good) + "\n" for n in range(30)))
    data = DataConfig(files={"train": str(path)}, eval_fraction=0.2)
    columns = {"question": "question", "context": "context", "answers": "answers"}
    details = []
    for split, rows in sources.load(data).items():
        try:
            gold_answers.look(split, rows, columns, data)
        except FinetuiError as error:
            details.append(error.detail)
    assert len(details) == 1
    assert "(row 3 of the source): the answer is 'cherry'" in details[0]


def test_rows_of_the_source_stand_under_a_finding() -> None:
    finding = texts.Finding("duplicate", "warning", "train", 2, "m", "h", [1, 4], [30, 9])
    assert preflight_words.about(finding) == ["rows 1, 4", "in the source: rows 30, 9", "h"]


def test_a_class_that_stands_once_is_said() -> None:
    labels = ["ham", "spam"] * 20 + ["spma"]
    rows = Dataset.from_dict({"text": [str(n) for n in range(41)], "label": labels})
    task = SequenceClassification(DataConfig(id="x"), rows, None)
    (found,) = balance.once(task, "train", rows)
    assert (found.code, found.message) == ("class_once", "a class stands only once: spma")
    assert balance.once(task, "train", rows.select(range(40))) == []


def test_a_tag_that_stands_once_is_said() -> None:
    tags = [["O", "O", "B-LOC"]] * 20 + [["O", "O", "B-LOCC"]]
    rows = Dataset.from_dict({"tokens": [["a", "b", "c"]] * 21, "ner_tags": tags})
    task = TokenClassification(DataConfig(id="x"), rows, None)
    assert [found.message for found in balance.once(task, "train", rows)] == ["a class stands only once: B-LOCC"]
