"""Metrics of texts, of several classes a row and of GLUE: the figures of the libraries that papers report."""

from __future__ import annotations

import math
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import sacrebleu
import scipy.stats
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from core import metrics
from core.errors import FinetuiError
from core.metrics import names
from core.metrics.class_counts import ClassCounts
from scripts.metrics import PAGE, with_metrics

FEW = settings(deadline=None, max_examples=20)
WORDS = st.sampled_from(
    ["the", "cat", "sat", "on", "Mat.", "猫が", "座った", "naïve", "1,000", "\n", "  ", "e\u0301", "🙂"]
)
TEXTS = st.lists(WORDS, max_size=8).map(" ".join)
ROUGE = ["rouge1", "rouge2", "rougeL", "rougeLsum"]


@FEW
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
def test_texts_as_sacrebleu_and_rouge_score_have_them(rows: list[tuple[str, str]]) -> None:
    said, right = (list(side) for side in zip(*rows, strict=True))
    scorer = RougeScorer(ROUGE)
    single = [scorer.score(truth, text) for text, truth in rows]
    expected = {
        "bleu": sacrebleu.BLEU().corpus_score(said, [right]).score,
        "chrf": sacrebleu.CHRF().corpus_score(said, [right]).score,
        "exact_match": float(np.mean([one == two for one, two in rows])),
        **{name: float(np.mean([row[name].fmeasure for row in single])) for name in ROUGE},
    }
    assert metrics.compute(["bleu", "chrf", "exact_match", "rouge"], said, right) == pytest.approx(expected, abs=1e-9)
    assert metrics.compute(["rougeL"], said, right) == pytest.approx({"rougeL": expected["rougeL"]}, abs=1e-9)


@FEW
@given(st.integers(2, 4).flatmap(lambda width: st.lists(
    st.tuples(*[st.lists(st.integers(0, 1), min_size=width, max_size=width)] * 2), min_size=1, max_size=12,
)))  # fmt: skip
def test_several_classes_a_row_as_scikit_learn_has_them(rows: list[tuple[list[int], list[int]]]) -> None:
    said, right = (np.array(side) for side in zip(*rows, strict=True))
    expected = {"accuracy": sklearn.metrics.accuracy_score(right, said)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names.PER_CLASS:
            score = getattr(sklearn.metrics, f"{name}_score")
            for average in ("macro", "micro", "weighted"):
                expected[f"{name}_{average}"] = score(right, said, average=average, zero_division=0)
            expected[name] = expected[f"{name}_macro"]
    expected["exact_match"] = expected["accuracy"]
    assert metrics.compute([*expected], said, right) == pytest.approx(expected, abs=1e-9)


@FEW
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40), st.integers(1, 4))
def test_classes_are_counted_as_scikit_learn_does(rows: list[tuple[int, int]], batches: int) -> None:
    labels = [f"class {index}" for index in range(6)]
    counts = ClassCounts(labels)
    for part in range(batches):
        counts.add(
            *(list(side) for side in zip(*rows[part::batches], strict=True)) if rows[part::batches] else ([], [])
        )
    said, right = zip(*rows, strict=True)
    found = counts.fields()
    assert found["matrix"] == sklearn.metrics.confusion_matrix(right, said, labels=range(6)).tolist()
    assert found["support"] == [right.count(index) for index in range(6)]
    assert found["predicted"] == [said.count(index) for index in range(6)]


def test_sets_and_many_classes_are_counted_without_a_matrix() -> None:
    counts = ClassCounts(["a", "b"])
    counts.add(np.array([[1, 1], [0, 1]]), np.array([[1, 0], [0, 1]]))
    fields = {
        "labels": ["a", "b"],
        "support": [1, 1],
        "predicted": [1, 2],
        "correct": [1, 1],
        "matrix": [],
        "classes": 2,
    }
    assert counts.fields() == fields
    many = ClassCounts([str(index) for index in range(60)])
    many.add([59, 59, 3], [59, 59, 7])
    found = many.fields()
    assert found["matrix"] == []
    assert found["labels"][:2] == ["59", "7"]
    assert (len(found["labels"]), found["classes"]) == (50, 60)


LABELS = [0, 1, 1, 0, 1, 1], [0, 1, 0, 0, 1, 0]


@pytest.mark.parametrize("name", [name for name in metrics.BUILT_IN if name.startswith("glue/")])
def test_glue_computes_what_its_own_metric_does(name: str) -> None:
    """The figures of `evaluate.load("glue", SUBSET)`, whose script is not on this machine: what it calls."""
    said, right = LABELS
    f1 = sklearn.metrics.f1_score(right, said)
    expected = {"accuracy": sklearn.metrics.accuracy_score(right, said)}
    if name in ("glue/mrpc", "glue/qqp"):
        expected["f1"] = f1
    if name == "glue/cola":
        expected = {"matthews_correlation": sklearn.metrics.matthews_corrcoef(right, said)}
    if name == "glue/stsb":
        expected = {
            "pearson": scipy.stats.pearsonr(said, right).statistic,
            "spearmanr": scipy.stats.spearmanr(said, right).statistic,
        }
    assert metrics.compute([name], said, right) == pytest.approx(expected, abs=1e-9)


def test_texts_without_anything_to_measure() -> None:
    assert metrics.compute(["bleu", "chrf", "rouge"], [], []) == {}
    found = metrics.compute(["bleu", "rouge"], ["", "猫"], ["a b", "猫"])
    assert all(math.isfinite(value) for value in found.values())
    assert found["rouge1"] == 0, "rouge_score sees no word in another script"


@pytest.mark.parametrize(("name", "module"), [("bleu", "sacrebleu"), ("rouge2", "rouge_score.rouge_scorer")])
def test_without_its_package_a_metric_says_what_to_install(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FinetuiError) as caught:
        metrics.check([name], ("texts",), 0)
    assert "finetui[text]" in caught.value.hint
    assert caught.value.key == "metrics"


@pytest.mark.parametrize(
    ("kinds", "classes", "fit", "off"),
    [
        (("labels",), 2, {"accuracy", "f1_binary", "glue/mrpc", "glue/cola"}, {"bleu", "pearson", "seqeval"}),
        (("labels",), 3, {"accuracy", "f1", "glue/mnli"}, {"f1_binary", "glue/mrpc"}),
        (("hot",), 3, {"accuracy", "f1_micro", "exact_match"}, {"f1_binary", "matthews_correlation", "glue/sst2"}),
        (("numbers",), 0, {"mse", "pearson", "glue/stsb"}, {"accuracy", "exact_match"}),
        (("labels", "tags"), 5, {"seqeval", "f1_macro"}, {"squad"}),
        (("texts",), 0, {"bleu", "chrf", "rouge", "exact_match"}, {"accuracy", "perplexity"}),
        (("ids", "losses"), 0, {"exact_match", "perplexity"}, {"bleu"}),
    ],
)
def test_which_names_fit(kinds: Any, classes: int, fit: set[str], off: set[str]) -> None:
    found = metrics.fitting(kinds, classes)
    assert fit <= {*found}
    assert not off & {*found}
    metrics.check(sorted(fit), kinds, classes)
    for name in off:
        with pytest.raises(FinetuiError) as caught:
            metrics.check([name], kinds, classes)
        assert all(other in caught.value.hint for other in fit)


def test_a_task_with_metrics_of_its_own_takes_no_others() -> None:
    with pytest.raises(FinetuiError, match="metrics of its own"):
        metrics.check(["accuracy"], (), 0)
    metrics.check([], (), 0)


def test_the_page_on_metrics_is_made_from_the_declarations() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_metrics(text) == text, "run: python scripts/metrics.py"
