"""Metrics: the figures of scikit-learn and scipy, without a network, a file, or a 0 for what is undefined."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import evaluate
import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from core import metrics
from core.errors import FinetuiError
from core.metrics import names, scores

FIXED = settings(deadline=None, max_examples=60)


def pairs(element: st.SearchStrategy[Any], least: int = 1) -> st.SearchStrategy[list[tuple[Any, Any]]]:
    return st.lists(st.tuples(element, element), min_size=least, max_size=40)


def expected(function: Any, *arguments: Any, **options: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(function(*arguments, **options))


def assert_same(found: dict[str, float], figures: dict[str, float]) -> None:
    """Equal to 1e-9; what is not finite is absent."""
    assert found == pytest.approx({name: value for name, value in figures.items() if math.isfinite(value)}, abs=1e-9)
    assert all(type(value) is float for value in found.values())


@FIXED
@given(pairs(st.integers(0, 4)))
def test_labels_of_several_classes(rows: list[tuple[int, int]]) -> None:
    predictions, references = zip(*rows, strict=True)
    figures = {
        "accuracy": expected(sklearn.metrics.accuracy_score, references, predictions),
        "matthews_correlation": expected(sklearn.metrics.matthews_corrcoef, references, predictions),
    }
    for average in ("macro", "micro", "weighted"):
        for name in ("f1", "precision", "recall"):
            score = getattr(sklearn.metrics, f"{name}_score")
            figures[f"{name}_{average}"] = expected(score, references, predictions, average=average, zero_division=0)
    figures["f1"] = figures["f1_macro"]
    assert_same(metrics.compute(list(figures), predictions, references, num_labels=5), figures)


@FIXED
@given(pairs(st.integers(0, 1)))
def test_labels_of_two_classes(rows: list[tuple[int, int]]) -> None:
    predictions, references = (np.array(side) for side in zip(*rows, strict=True))
    figures = {
        name: expected(getattr(sklearn.metrics, f"{name}_score"), references, predictions, zero_division=np.nan)
        for name in ("f1", "precision", "recall")
    }
    figures |= {f"{name}_binary": value for name, value in figures.items()}
    assert_same(metrics.compute(list(figures), predictions, references), figures)


@FIXED
@given(pairs(st.floats(-1e3, 1e3, width=32), least=2))
def test_numbers(rows: list[tuple[float, float]]) -> None:
    predictions, references = (np.array(side) for side in zip(*rows, strict=True))
    constant = len(set(predictions)) == 1 or len(set(references)) == 1
    figures = {
        "mse": expected(sklearn.metrics.mean_squared_error, references, predictions),
        "mae": expected(sklearn.metrics.mean_absolute_error, references, predictions),
        "pearson": math.nan if constant else expected(lambda: scipy.stats.pearsonr(predictions, references).statistic),
        "spearman": math.nan
        if constant
        else expected(lambda: scipy.stats.spearmanr(predictions, references).statistic),
    }
    assert_same(metrics.compute(list(figures), predictions, references), figures)


@FIXED
@given(st.lists(st.floats(0, 20), min_size=1))
def test_perplexity_is_exp_of_the_mean_loss(losses: list[float]) -> None:
    found = metrics.compute(["perplexity"], losses=losses)["perplexity"]
    assert found == pytest.approx(math.exp(math.fsum(losses) / len(losses)), rel=1e-9)


@FIXED
@given(pairs(st.lists(st.integers(0, 2), max_size=3)))
def test_exact_match_of_token_ids(rows: list[tuple[list[int], list[int]]]) -> None:
    predictions, references = (list(side) for side in zip(*rows, strict=True))
    share = sum(first == second for first, second in rows) / len(rows)
    assert_same(metrics.compute(["exact_match"], predictions, references), {"exact_match": share})


def test_exact_match_of_texts_arrays_and_single_ids() -> None:
    assert metrics.compute(["exact_match"], ["8", "9 "], ["8", "9"]) == {"exact_match": 0.5}
    assert metrics.compute(["exact_match"], np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 5]])) == {
        "exact_match": 0.5
    }
    assert metrics.compute(["exact_match"], [1, 2], [1, 3]) == {"exact_match": 0.5}


def test_labels_may_be_texts() -> None:
    found = metrics.compute(["accuracy", "f1"], ["no", "yes", "yes"], ["no", "yes", "no"])
    assert found == pytest.approx({"accuracy": 2 / 3, "f1": 2 / 3})


def test_two_labels_of_a_task_with_three_are_averaged() -> None:
    predictions, references = [0, 1, 1], [0, 1, 0]
    assert metrics.compute(["f1"], predictions, references) == pytest.approx({"f1": 2 / 3})
    macro = metrics.compute(["f1_macro"], predictions, references)["f1_macro"]
    assert metrics.compute(["f1"], predictions, references, num_labels=3) == {"f1": macro}


@pytest.mark.parametrize(
    ("wanted", "predictions", "references", "left"),
    [
        (["pearson", "spearman", "mse"], [1.0, 1.0], [0.0, 1.0], {"mse"}),
        (["pearson", "spearman"], [1.0], [0.0], set()),
        (["pearson", "mse", "mae"], [math.nan, 1.0], [0.0, 1.0], set()),
        (["mse", "mae", "pearson"], [math.inf, 1.0], [0.0, 1.0], set()),
        (["precision", "recall", "f1"], [0, 0], [0, 1], {"recall", "f1"}),
        (["precision", "recall", "f1"], [0, 0], [0, 0], set()),
        (["f1_binary"], [0, 2], [0, 1], set()),
        (["perplexity", "accuracy"], [1], [1], {"accuracy"}),
        (["accuracy", "f1", "exact_match", "mse", "matthews_correlation"], [], [], set()),
    ],
)
def test_what_cannot_be_computed_is_absent(
    wanted: list[str], predictions: list[Any], references: list[Any], left: set[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(metrics.compute(wanted, predictions, references)) == left


@pytest.mark.parametrize("losses", [[], [math.nan], [1e4], [math.inf, 1.0]])
def test_a_perplexity_beyond_floats_is_absent(losses: list[float]) -> None:
    assert metrics.compute(["perplexity"], losses=losses) == {}


@pytest.mark.parametrize("name", ["accuracy", "f1", "recall_macro", "matthews_correlation", "exact_match"])
def test_numbers_are_not_cut_to_labels(name: str) -> None:
    with pytest.raises(FinetuiError, match=f"{name} compares labels"):
        metrics.compute([name], np.array([0.9, 0.1]), np.array([0.0, 0.0]))
    with pytest.raises(FinetuiError, match=f"{name} compares labels"):
        metrics.compute([name], np.array([0.0, math.nan]), np.array([0, 0]))


def test_a_row_too_many_is_a_defect() -> None:
    with pytest.raises(ValueError, match="2 predictions for 1 references"):
        metrics.compute(["accuracy"], [0, 1], [0])


GIVEN: dict[str, dict[str, Any]] = {
    "labels": {"predictions": [0, 1], "references": [0, 1]},
    "numbers": {"predictions": [0.0, 1.0], "references": [0.0, 1.0]},
    "texts": {"predictions": ["a", "b"], "references": ["a", "b"]},
    "tags": {"predictions": [["B-X"]], "references": [["B-X"]]},
    "answers": {"predictions": ["a"], "references": [["a"]]},
    "rankings": {"predictions": [[0, 1]], "references": [[0]]},
    "losses": {"losses": [1.0]},
}
"""What each kind of metric is given."""


@pytest.mark.parametrize("name", metrics.BUILT_IN)
def test_built_in_metrics_are_evaluate_metrics(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fake_load(*_: Any, **__: Any) -> None:
        raise AssertionError("a built-in metric must not be looked for")

    monkeypatch.setattr(evaluate, "load", fake_load)
    metric = metrics.load(name)
    assert isinstance(metric, evaluate.Metric)
    assert metric.name == name
    declared = names.TABLE[name]
    assert tuple(metric.compute(**GIVEN[declared.kinds[0]])) == (declared.figures or (name,))


def test_batches_add_up_as_evaluate_has_it() -> None:
    metric = metrics.load("accuracy")
    metric.add_batch(predictions=[0, 1], references=[0, 0])
    metric.add(prediction=1, reference=1)
    assert metric.compute() == pytest.approx({"accuracy": 2 / 3})
    assert metric.compute(predictions=[1], references=[1]) == {"accuracy": 1.0}


def test_an_average_can_be_named_as_with_evaluate() -> None:
    found = metrics.load("f1").compute(predictions=[0, 1, 1], references=[0, 1, 0], average="macro")
    assert found["f1"] == pytest.approx(sklearn.metrics.f1_score([0, 1, 0], [0, 1, 1], average="macro"))


def test_nothing_is_written_and_no_network_is_used(tmp_path: Path) -> None:
    script = (
        f"GIVEN = {GIVEN!r}"
        + """
import socket
def refuse(*args, **kwargs): print("NETWORK", args); raise OSError
socket.socket.connect = refuse; socket.getaddrinfo = refuse
from core import metrics
for kind, rows in GIVEN.items():
    for name in metrics.fitting([kind], 2):
        print(name, metrics.compute([name], **rows))
"""
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": str(Path(scores.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert [*said] == [*dict.fromkeys(name for kind in GIVEN for name in metrics.fitting([kind], 2))]
    assert "NETWORK" not in said
    assert "{}" not in said.values()
    assert list(tmp_path.rglob("*")) == []


def test_metrics_side_by_side_do_not_meet() -> None:
    def share(count: int) -> float:
        return metrics.compute(["accuracy"], [1] * count + [0] * (100 - count), [1] * 100)["accuracy"]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(share, range(100))) == [count / 100 for count in range(100)]


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, core.metrics; print({'evaluate', 'sklearn', 'scipy', 'torch', 'datasets'} & set(sys.modules))"
    root = str(Path(scores.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "set()\n"


def test_global_random_state_is_left_alone() -> None:
    import torch

    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()
    for kind, rows in GIVEN.items():
        metrics.compute(metrics.fitting([kind], 2), **rows)
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


@pytest.mark.parametrize(("name", "likely"), [("acuracy", "accuracy"), ("f1_makro", "f1_macro"), ("zzz", "built in: ")])
def test_an_unknown_name_without_a_network(name: str, likely: str, network_calls: list[Any]) -> None:
    with pytest.raises(FinetuiError) as caught:
        metrics.compute([name], [1], [1])
    assert name in caught.value.title
    assert likely in caught.value.hint


SCRIPT = """
import datasets
import evaluate
class Shares(evaluate.Metric):
    def _info(self):
        features = datasets.Features(predictions=datasets.Value("int64"), references=datasets.Value("int64"))
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)
    def _compute(self, predictions, references):
        BODY
"""


@pytest.fixture
def script(tmp_path: Path) -> Any:
    """Makes a metric script from the body of its `_compute`."""

    def make(body: str) -> str:
        path = tmp_path / f"shares{abs(hash(body))}.py"
        path.write_text(SCRIPT.replace("BODY", body))
        return str(path)

    return make


def test_a_script_of_ones_own_gives_its_figures(script: Any, network_calls: list[Any]) -> None:
    name = script(
        'return {"ones": sum(predictions) / 2, "whole": 3, "nothing": float("nan"), "list": [1], "text": "a"}'
    )
    assert metrics.compute([name, "accuracy"], [1, 0], [1, 1]) == {"ones": 0.5, "whole": 3.0, "accuracy": 0.5}


def test_a_script_that_fails_does_not_end_the_run(script: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert metrics.compute([script("return 1 / 0"), "accuracy"], [1, 0], [1, 1]) == {"accuracy": 0.5}
    assert "division by zero" in caplog.text


def test_a_script_that_needs_another_package(tmp_path: Path, script: Any) -> None:
    path = Path(script("return {}"))
    path.write_text("import no_such_package_at_all\n" + path.read_text())
    with pytest.raises(FinetuiError, match="needs another package") as caught:
        metrics.load(str(path))
    assert "no_such_package_at_all" in caught.value.detail
