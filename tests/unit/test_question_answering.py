"""Questions and contexts: windows, where the answer lies in them, and the way back from logits to texts."""

from __future__ import annotations

import json
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, ByT5Tokenizer, EvalPrediction

from core.config import DataConfig
from core.errors import FinetuiError
from core.tasks import gold_answers, n_best, windows
from core.tasks.n_best import Candidate, Scored
from core.tasks.question_answering import NO_ANSWER, QuestionAnswering
from core.tasks.questions import Answer
from core.tasks.windows import OUTSIDE

CONTEXT = "The crisis began in October 1973, and ended in March 1974."


@pytest.fixture(scope="module")
def bert(shared: Path) -> Any:
    return AutoTokenizer.from_pretrained(shared / "models/bert-tiny-uncased")


def lines(path: Path, count: int) -> Dataset:
    with path.open(encoding="utf-8") as file:
        return Dataset.from_list([json.loads(line) for line in islice(file, count)])


@pytest.fixture(scope="module")
def squad(shared: Path) -> Dataset:
    return lines(shared / "data/squad_v1_dev/squad_v1_dev.jsonl", 300)


@pytest.fixture(scope="module")
def jsquad(shared: Path) -> Dataset:
    return lines(shared / "data/jglue/jsquad-valid.flat.jsonl", 100)


def bind(rows: Dataset, evaluation: Dataset | None = None, **fields: Any) -> QuestionAnswering:
    return QuestionAnswering(DataConfig.model_validate({"id": "d", **fields}), rows, evaluation)


def one(answers: Any, question: str = "When?", **more: Any) -> Dataset:
    return Dataset.from_list([{"question": question, "context": CONTEXT, "answers": answers, **more}])


def spans(rows: Dataset, encoded: dict[str, list[Any]]) -> list[tuple[int, str, str]]:
    """Row, text of the window's span and right answer, of each window that holds one."""
    found = []
    for index, row in enumerate(encoded["row"]):
        first, last = encoded["start_positions"][index], encoded["end_positions"][index]
        if last:
            begin, end = encoded["context_start"][index][first], encoded["context_end"][index][last]
            found.append((row, rows[row]["context"][begin:end], rows[row]["answers"]["text"][0]))
    return found


def test_every_window_of_squad_decodes_back_to_the_answer(squad: Dataset, bert: Any) -> None:
    encoded = bind(squad).encode(squad[:], bert, 128)
    found = spans(squad, encoded)
    assert len(encoded["row"]) == 620
    assert {row for row, _, _ in found} == set(range(300)), "each answer lies whole in one window at least"
    # The answers that end within a word of the text, as Israel in Israelis, are the only ones that are not exact.
    assert {(said, right) for _, said, right in found if said != right} == {
        ("Israelis", "Israel"),
        ("Japanese", "Japan"),
        ("7,000,000 square kilometres (2,700", "7,000,000 square kilometres (2,70"),
    }
    for index in range(len(encoded["row"])):
        assert len(encoded["input_ids"][index]) <= 128


def test_japanese_answers_decode_back(jsquad: Dataset, bert: Any, shared: Path) -> None:
    bytes_of = AutoTokenizer.from_pretrained(shared / "models/minimind2-small")
    task = bind(jsquad)
    found = spans(jsquad, task.encode(jsquad[:], bert, 128))
    assert found
    assert all(said == right for _, said, right in found)
    found = spans(jsquad, task.encode(jsquad[:], bytes_of, 256))
    assert found
    assert all(said.strip() == right for _, said, right in found)


def test_windows_overlap_by_the_stride_and_hold_all_of_the_context(squad: Dataset, bert: Any) -> None:
    rows = squad.select(range(20))
    encoded = bind(rows, stride=20).encode(rows[:], bert, 100)
    by_row: dict[int, list[list[int]]] = {}
    for row, starts in zip(encoded["row"], encoded["context_start"], strict=True):
        by_row.setdefault(row, []).append([place for place in starts if place != OUTSIDE])
    for row, places in by_row.items():
        whole = bert(rows[row]["context"], add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        for before, after in pairwise(places):
            assert before[-20:] == after[:20]
        merged = places[0] + [place for window in places[1:] for place in window[20:]]
        assert merged == [start for start, _ in whole]


def test_a_long_question_leaves_half_of_the_window(bert: Any) -> None:
    rows = one({"text": ["October 1973"], "answer_start": [20]}, question="why " * 200)
    encoded = bind(rows, stride=2).encode(rows[:], bert, 30)
    kept = [sum(token == bert.convert_tokens_to_ids("why") for token in ids) for ids in encoded["input_ids"]]
    assert set(kept) == {12}
    assert [said for _, said, _ in spans(rows, encoded)][:1] == ["October 1973"]
    with pytest.raises(FinetuiError, match="windows of 30 tokens are too short") as caught:
        bind(rows, stride=15).encode(rows[:], bert, 30)
    assert caught.value.key == "data.stride"
    with pytest.raises(FinetuiError, match="does not say which characters"):
        windows.encode(ByT5Tokenizer(), ["q"], ["c"], None, None)


@pytest.mark.parametrize(
    ("answers", "start", "texts", "begin"),
    [
        ({"text": ["October 1973", "1973"], "answer_start": [20, 28]}, None, ["October 1973", "1973"], 20),
        (
            [{"text": "1973", "answer_start": 28}, {"text": "October", "answer_start": 20}],
            None,
            ["1973", "October"],
            28,
        ),
        ({"text": "1973", "answer_start": 28}, None, ["1973"], 28),
        ("1973", 28, ["1973"], 28),
        (["1973"], [28], ["1973"], 28),
        ("March 1974", None, ["March 1974"], 47),
        ({"text": [" October"], "answer_start": [19]}, None, [" October"], 20),
        ({"text": [], "answer_start": []}, None, [], 0),
        ("", 0, [], 0),
        (None, None, [], 0),
    ],
)
def test_answers_in_every_shape(answers: Any, start: Any, texts: list[str], begin: int) -> None:
    found = gold_answers.read(answers, start, CONTEXT)
    assert (found.texts, found.start, found.misplaced) == (texts, begin, None)
    if texts:
        assert CONTEXT[found.start : found.end] == texts[0].strip()


def test_flat_columns_are_guessed(bert: Any) -> None:
    rows = Dataset.from_dict({"query": ["When?"], "passage": [CONTEXT], "answer": ["1973"], "answer_start": [28]})
    task = bind(rows)
    assert set(task.columns.values()) == set(rows.column_names)
    assert task.encode(rows[:], bert, None)["start_positions"] == [9]


def test_an_answer_that_is_not_in_its_context_stops_or_is_skipped(bert: Any) -> None:
    rows = Dataset.from_dict(
        {
            "question": ["When?"] * 3,
            "context": [CONTEXT] * 3,
            "answers": ["1973", "1973", "May"],
            "answer_start": [28, 20, 5],
        }
    )
    with pytest.raises(FinetuiError) as caught:
        bind(rows)
    assert caught.value.title == "2 of 3 rows have an answer that is not in its context"
    assert "rows 1, 2; row 1: the answer is '1973', there stands 'Octo'" in caught.value.detail
    assert caught.value.key == "data.misaligned_answers"
    task = bind(rows, misaligned_answers="skip")
    assert task.notes == ["2 rows of train are skipped: their answer is not in the context"]
    assert task.encode(rows[:], bert, None)["row"] == [0]
    assert set(task.encode(rows[1:], bert, None)) == set(task.encode(rows[:], bert, None))
    for choice in ("stop", "skip"):
        with pytest.raises(FinetuiError, match="2 of 2 rows") as caught:
            bind(rows.select([1, 2]), misaligned_answers=choice)
        assert caught.value.hint == "starts count characters from 0", "no row would be left"


def test_a_column_of_other_texts_is_said_to_hold_no_answers() -> None:
    rows = Dataset.from_dict(
        {
            "question": ["When?"] * 3,
            "context": [CONTEXT] * 3,
            "title": ["Oil_crisis", "Oil_shock", ""],
            "month": ["May", "October", "March"],
        }
    )
    for choice in ("stop", "skip"):
        with pytest.raises(FinetuiError) as caught:
            bind(rows.select([0, 1]), columns={"answers": "title"}, misaligned_answers=choice)
        assert caught.value.title == "column title holds no answers that stand in their contexts"
        assert "texts without a start (answer_start); row 0: 'Oil_crisis'" in caught.value.detail
        assert "{text: [...], answer_start: [...]}, as SQuAD has it" in caught.value.hint
        assert "skip" not in caught.value.hint
        assert (caught.value.key, caught.value.exit_code) == ("data.columns.answers", 2)
    with pytest.raises(FinetuiError, match="column title holds no answers"):
        bind(rows, columns={"answers": "title"})  # a row without an answer makes them no better
    with pytest.raises(FinetuiError, match="1 of 3 rows") as caught:
        bind(rows, columns={"answers": "month"})
    assert "word for word" in caught.value.hint
    assert "starts count" not in caught.value.hint


@pytest.mark.parametrize(("null", "figures"), [(None, 1.0), (False, 2 / 3)])
def test_figures_of_a_model_that_knows_the_answers(
    bert: Any, squad: Dataset, null: bool | None, figures: float
) -> None:
    """Logits that are highest where the answer is give exact match 1, over windows and questions without an answer."""
    nothing = {**squad[0], "context": "Nothing of use here.", "answers": {"text": [], "answer_start": []}}
    rows = Dataset.from_list([*squad.select(range(20)), *[nothing] * 10])
    task = bind(rows, rows, null_answers=null)
    encoded = Dataset.from_dict(task.encode(rows[:], bert, 128))
    compute = task.metrics(["squad"], encoded)
    assert compute(_prediction(encoded)) == pytest.approx({"exact_match": figures, "f1": figures}, abs=1e-9)


def test_figures_of_a_model_that_knows_the_japanese_answers(bert: Any, jsquad: Dataset) -> None:
    task = bind(jsquad, jsquad)
    encoded = Dataset.from_dict(task.encode(jsquad[:], bert, 128))
    found = task.metrics(["squad", "exact_match"], encoded)(_prediction(encoded))
    assert found == {"exact_match": 1.0, "f1": 1.0}


def test_logits_that_are_no_numbers_give_no_figures(bert: Any) -> None:
    rows = one({"text": ["1973"], "answer_start": [28]})
    task = bind(rows, rows)
    encoded = Dataset.from_dict(task.encode(rows[:], bert, None))
    prediction = _prediction(encoded)
    prediction.predictions[0, 3] = np.nan
    assert task.metrics(["squad"], encoded)(prediction) == {}


def _prediction(encoded: Dataset) -> EvalPrediction:
    """10 at the first and the last token of the answer, or at the first token of a window without one."""
    length = max(map(len, encoded["input_ids"]))
    logits = np.full((len(encoded), length, 2), -100.0)
    for index, row in enumerate(encoded):
        logits[index, : len(row["input_ids"])] = 0.0
        logits[index, row["start_positions"], 0] = logits[index, row["end_positions"], 1] = 10.0
    return EvalPrediction(logits, (encoded["start_positions"], encoded["end_positions"]))


@settings(deadline=None, max_examples=60)
@given(data=st.data(), lengths=st.lists(st.integers(1, 12), min_size=1, max_size=3), null=st.booleans())
def test_the_best_answer_is_the_best_of_all(data: Any, lengths: list[int], null: bool) -> None:
    """Against every start with every end, one by one."""
    scored, everything = [], {}
    for length in lengths:
        logits = data.draw(st.lists(st.integers(-40, 40), min_size=2 * length, max_size=2 * length))
        question = data.draw(st.integers(1, length))
        starts = np.array([OUTSIDE] * question + [5 * place for place in range(length - question)])
        first, last = np.array(logits[:length]) / 8, np.array(logits[length:]) / 8
        scored.append(Scored(first, last, starts, np.where(starts == OUTSIDE, OUTSIDE, starts + 5)))
        for begin in range(question, length):
            for end in range(begin, length):
                place = (int(starts[begin]), int(starts[end]) + 5)
                everything[place] = max(everything.get(place, -np.inf), first[begin] + last[end])
    if null:
        everything[0, 0] = min(window.start_logits[0] + window.end_logits[0] for window in scored)
    found = n_best.ranked(scored, null)
    assert [candidate.score for candidate in found] == sorted(everything.values(), reverse=True)[: n_best.BEST]
    assert all(everything[candidate.start, candidate.end] == candidate.score for candidate in found)
    if found:
        assert sum(n_best.shares(found)) == pytest.approx(1)


def test_an_answer_is_not_longer_than_allowed() -> None:
    places = np.arange(100)
    high = np.zeros(100)
    high[99] = 10.0
    found = n_best.ranked([Scored(high[::-1], high, places, places + 1)], null=False)
    assert found
    assert Candidate(0, 100, 20.0) not in found
    assert max(candidate.end - candidate.start for candidate in found) <= n_best.LONGEST


def test_what_the_inspector_is_told(bert: Any) -> None:
    rows = one({"text": ["October 1973"], "answer_start": [20]})
    task = bind(rows)
    encoded = {name: values[0] for name, values in task.encode(rows[:], bert, None).items()}
    view = task.label_view(encoded, bert)
    marked = dict(zip(bert.convert_ids_to_tokens(encoded["input_ids"]), view.tokens, strict=True))
    assert {token: mark for token, mark in marked.items() if mark} == {"october": "start", "1973": "end"}
    assert view.parts == ["", "question", "question", "", *["context"] * (len(view.parts) - 5), ""]
    nothing = {**encoded, "start_positions": 0, "end_positions": 0}
    assert task.label_view(nothing, bert).tokens[0] == "no answer"


def test_questions_know_every_right_answer(bert: Any) -> None:
    rows = one({"text": ["October 1973", "1973"], "answer_start": [20, 28]})
    task = bind(rows)
    (question,) = task.questions(rows[:], bert, 384)
    assert (question.text, question.pair, question.expected) == ("When?", CONTEXT, "October 1973")
    assert task.is_right(question, Answer("in October, 1973")) is False
    assert task.is_right(question, Answer("the 1973"))
    typed = task.typed_question("When?", CONTEXT, bert, 384)
    assert typed.expected is None
    assert task.is_right(typed, Answer(NO_ANSWER)) is None
    with pytest.raises(FinetuiError, match="there is no context"):
        task.typed_question("When?", None, bert, 384)
