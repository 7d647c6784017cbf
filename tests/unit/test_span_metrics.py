"""Metrics of entities and of answers: seqeval's figures, and those of the paper on SQuAD."""

from __future__ import annotations

import collections
import math
import re
import string
import warnings

import evaluate
import pytest
import seqeval.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from core import metrics
from core.errors import FinetuiError

FIXED = settings(deadline=None, max_examples=80)
TAG = st.sampled_from(["O", "O", "B-x", "I-x", "B-creative-work", "I-creative-work"])
ROWS = st.lists(st.lists(st.tuples(TAG, TAG), min_size=1, max_size=8), min_size=1, max_size=6)
TEXT = st.lists(st.sampled_from(["the", "A", "cat", "cat,", "Cat.", "dog", "-", "東京", " "]), max_size=5).map(" ".join)


@FIXED
@given(ROWS)
def test_entities_as_seqeval_and_as_sets(rows: list[list[tuple[str, str]]]) -> None:
    said = [[first for first, _ in row] for row in rows]
    true = [[second for _, second in row] for row in rows]
    found = metrics.compute(["seqeval"], said, true)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figures = {
            "precision": seqeval.metrics.precision_score(true, said),
            "recall": seqeval.metrics.recall_score(true, said),
            "f1": seqeval.metrics.f1_score(true, said),
            "accuracy": seqeval.metrics.accuracy_score(true, said),
        }
    of_said, of_true = entities(said), entities(true)
    both = len(of_said & of_true)
    counted = {
        "precision": both / len(of_said) if of_said else math.nan,
        "recall": both / len(of_true) if of_true else math.nan,
        "f1": 2 * both / (len(of_said) + len(of_true)) if of_said or of_true else math.nan,
        "accuracy": figures["accuracy"],
    }
    assert found == pytest.approx({name: value for name, value in counted.items() if math.isfinite(value)}, abs=1e-9)
    assert found == pytest.approx({name: figures[name] for name in found}, abs=1e-9)


def entities(rows: list[list[str]]) -> set[tuple[int, int, int, str]]:
    """Every stretch of one type that begins with B-, or with I- after another type or none."""
    found = set()
    for row, tags in enumerate(rows):
        kinds = [tag[2:] for tag in tags]
        begins = [
            place
            for place, tag in enumerate(tags)
            if tag != "O" and (tag[0] == "B" or place == 0 or kinds[place - 1] != kinds[place])
        ]
        for begin in begins:
            end = begin + 1
            while end < len(tags) and kinds[end] == kinds[begin] and end not in begins:
                end += 1
            found.add((row, begin, end, kinds[begin]))
    return found


@FIXED
@given(st.lists(st.tuples(TEXT, st.lists(TEXT, max_size=3)), min_size=1, max_size=5))
def test_answers_as_in_the_paper(rows: list[tuple[str, list[str]]]) -> None:
    said, right = [text for text, _ in rows], [truths for _, truths in rows]
    found = metrics.compute(["squad"], said, right)
    best = [[max(score(text, truth) for truth in truths or [""]) for text, truths in rows] for score in (same, overlap)]
    exact, f1 = (sum(values) / len(rows) for values in best)
    assert found == pytest.approx({"exact_match": exact, "f1": f1}, abs=1e-9)


def plain(text: str) -> list[str]:
    """Step by step as the paper says it: no case, no punctuation, no articles, single spaces."""
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def same(text: str, truth: str) -> float:
    return float(plain(text) == plain(truth))


def overlap(text: str, truth: str) -> float:
    first, second = plain(text), plain(truth)
    if not first or not second:
        return float(first == second)
    left = collections.Counter(second)
    common = 0
    for word in first:
        if left[word]:
            left[word] -= 1
            common += 1
    if not common:
        return 0.0
    precision, recall = common / len(first), common / len(second)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(
    ("name", "predictions", "references"),
    [("seqeval", [["O", "B-x"]], [["O", "B-x"]]), ("squad", ["the cat"], [["Cat.", "dog"]])],
)
def test_they_are_evaluate_metrics_that_need_no_network(
    name: str, predictions: list[object], references: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(evaluate, "load")
    metric = metrics.load(name)
    assert isinstance(metric, evaluate.Metric)
    assert metric.name == name
    metric.add_batch(predictions=predictions, references=references)
    assert set(metric.compute().values()) == {1.0}


def test_a_near_name_is_offered(network_calls: list[object]) -> None:
    with pytest.raises(FinetuiError) as caught:
        metrics.load("seqevall")
    assert caught.value.hint == "did you mean seqeval?"
