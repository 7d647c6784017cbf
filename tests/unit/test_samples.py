"""Samples: what is asked of a row, what becomes of the answers, and what is said of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from core import answering, config_file
from core.config import DataConfig
from core.errors import FinetuiError
from core.events import RunStarted, Sampled
from core.runs.state import RunState
from core.tasks.causal_lm import PROMPT_TOKENS, CausalLM
from core.tasks.sequence_classification import SequenceClassification
from core.training import sampling
from tests.pilot.recorded import RecordedRun
from tui.samples import rows_of, steps_of
from tui.shell.show import show


@pytest.fixture(scope="module")
def llama(shared: Path) -> tuple[Any, Any]:
    folder = shared / "models/stories260K"
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    return model, tokenizer


def test_regression_answers_with_a_number_that_is_neither_right_nor_wrong(shared: Path) -> None:
    folder = shared / "models/bert-tiny-uncased"
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = Dataset.from_dict({"text": ["good", "a much longer text"], "label": [0.25, 4.0]})
    task = SequenceClassification(DataConfig(id="x"), rows, None)
    questions = task.questions(rows[:], tokenizer, 16)
    assert [(question.expected, question.judged) for question in questions] == [("0.25", False), ("4", False)]
    with torch.no_grad():
        answers = task.answers(model, tokenizer, questions, 8, lambda: False)
        alone = task.answers(model, tokenizer, questions[:1], 8, lambda: False)
    assert float(answers[0].text) == pytest.approx(float(alone[0].text), abs=1e-3), "padding changes nothing"
    with pytest.raises(FinetuiError, match="no second text"):
        task.typed_question("a", "b", tokenizer, 16)


def test_of_a_whole_text_the_beginning_is_given_and_the_rest_expected(llama: tuple[Any, Any]) -> None:
    _, tokenizer = llama
    rows = Dataset.from_dict({"text": ["one two three four", "word " * 500, ""]})
    questions = CausalLM(DataConfig(id="x"), rows, None).questions(rows[:], tokenizer, None)
    assert len(questions) == 2, "an empty text asks nothing"
    assert questions[0].expected
    assert "one" in questions[0].text
    assert "four" in questions[0].expected
    assert len(questions[1].encoded["input_ids"]) == PROMPT_TOKENS
    assert not questions[0].judged


def test_a_batch_is_answered_as_each_prompt_alone(llama: tuple[Any, Any]) -> None:
    model, tokenizer = llama
    prompts = [tokenizer(text)["input_ids"] for text in ("Once", "Once upon a time there was a")]
    own = model.generation_config
    together = answering.continuations(model, tokenizer, prompts, 6, lambda: False)
    alone = [answering.continuations(model, tokenizer, [ids], 6, lambda: False)[0] for ids in prompts]
    assert together == alone
    assert model.generation_config is own


def test_a_prompt_beyond_the_positions_loses_its_beginning(llama: tuple[Any, Any]) -> None:
    model, tokenizer = llama
    limit = answering.positions(model)
    assert limit is not None
    ids = tokenizer("word " * (limit + 10))["input_ids"]
    assert answering.continuations(model, tokenizer, [ids], 3, lambda: False)


def test_long_texts_are_cut_with_a_mark() -> None:
    assert sampling.cut("x" * 500) == "x" * 500
    assert sampling.cut("x" * 501) == "x" * 496 + " […]"


def test_samples_of_a_config() -> None:
    config = {"model": {"id": "m"}, "data": {"id": "d"}, "samples": {"texts": ["a", ["b", "c"]]}}
    assert config_file.validate(config).samples.texts == ["a", ["b", "c"]]
    with pytest.raises(FinetuiError):
        config_file.validate({**config, "samples": {"texts": [["b"]]}})


def sampled(step: int, *answers: tuple[str, str]) -> Sampled:
    return Sampled(t=1.0, step=step, samples=[{"input": text, "answer": answer} for text, answer in answers])


def test_answers_become_rows_and_changes_are_seen() -> None:
    rows = rows_of([
        sampled(1, ("a", "x"), ("b", "x"), ("b", "y")),
        sampled(2, ("a", "y"), ("b", "x"), ("b", "y"), ("c", "z")),
        sampled(2, ("a", "x")),
    ])  # fmt: skip
    assert [row.text for row in rows] == ["a", "b", "b", "c"], "the same input twice is two rows"
    assert steps_of(rows) == [1, 2]
    assert [[said.changed for said in row.answers.values()] for row in rows] == [
        [False, False], [False, False], [False, False], [False],
    ]  # fmt: skip
    assert rows_of([sampled(1, ("a", "x")), sampled(2, ("a", "y"))])[0].answers[2].changed


def test_a_resumed_run_forgets_what_was_answered_after_its_checkpoint() -> None:
    state = RunState()
    for step in (5, 10, 15):
        state.apply(sampled(step, ("a", "x")))
    names = {"run": "r", "name": "n", "task": "t", "model": "m", "method": "full", "engine": "trainer"}
    state.apply(RunStarted(t=2.0, resumed_from=10, **names))
    assert [event.step for event in state.samples] == [5, 10]


def test_show_prints_the_last_samples_and_all_of_them_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RecordedRun(tmp_path, alive=False)
    run.begin()
    run.train(1)
    run.sample({"input": "Kyoto", "answer": "Europe", "expected": "Asia", "correct": False, "probability": 0.5})
    run.train(1)
    run.sample({"input": "Kyoto", "answer": "Asia", "expected": "Asia", "correct": True, "probability": 0.75})
    show(None, tmp_path, json=False)
    printed = capsys.readouterr().out
    assert "samples at step 2" in printed
    assert "→✓Asia 75%" in printed
    show(None, tmp_path, json=True)
    found = json.loads(capsys.readouterr().out)["samples"]
    assert [(entry["step"], entry["samples"][0]["answer"]) for entry in found] == [(1, "Europe"), (2, "Asia")]
