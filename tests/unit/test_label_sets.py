"""Several labels a row: what a column of lists means, what of it is refused, what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import ClassLabel, Dataset, Features, List
from sklearn.metrics import f1_score
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, EvalPrediction

from core import baselines, config_file, metrics
from core.config import DataConfig
from core.data import sources
from core.errors import BadRows, FinetuiError
from core.tasks import labels
from core.tasks.sequence_classification import SequenceClassification
from core.training.preflight import balance


def column(values: list[Any], **more: Any) -> Dataset:
    return Dataset.from_dict({"label": values}, **more)


@pytest.mark.parametrize(
    ("values", "given", "names", "sets"),
    [
        ([["b", "a"], [], ["c"]], None, ["a", "b", "c"], [[1, 1, 0], [0, 0, 0], [0, 0, 1]]),
        ([["b"], ["a"]], ["b", "a", "z"], ["b", "a", "z"], [[1, 0, 0], [0, 1, 0]]),
        ([[2, 0], [1]], None, ["0", "1", "2"], [[1, 0, 1], [0, 1, 0]]),
        ([[2, 0], [1]], ["x", "y", "z"], ["x", "y", "z"], [[1, 0, 1], [0, 1, 0]]),
        ([[1.0, 0.0], [1.0, 1.0]], None, ["0", "1"], [[1, 0], [1, 1]]),
        ([[True, False], [False, False]], ["p", "q"], ["p", "q"], [[1, 0], [0, 0]]),
        ([[0, 0, 1], [0, 1, 1]], None, ["0", "1", "2"], [[0, 0, 1], [0, 1, 1]]),
        ([[0, 1], [1, 0], [1, 1]], None, ["0", "1"], [[0, 1], [1, 0], [1, 1]]),
        ([[0], [1], [0, 1]], None, ["0", "1"], [[1, 0], [0, 1], [1, 1]]),
    ],
)
def test_lists_become_a_figure_per_label(values: list[Any], given: Any, names: list[str], sets: list[Any]) -> None:
    found = labels.read("label", given, {"train": column(values)})
    assert found.names == names
    assert [found.encode(value) for value in values] == sets
    assert found.several
    assert not found.regression


def test_lists_of_class_labels_keep_their_names() -> None:
    features = Features({"label": List(ClassLabel(names=["neg", "pos", "none"]))})
    found = labels.read("label", None, {"train": column([[1], [0, 2]], features=features)})
    assert found.names == ["neg", "pos", "none"]
    assert found.encode([0, 2]) == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("values", "given", "code", "rows"),
    [
        ([["a"], None, ["b"], None], None, "missing_label", [1, 3]),
        ([["a"], ["b", None]], None, "missing_label", [1]),
        ([[0.0, 1.0], [float("nan"), 1.0]], None, "missing_label", [1]),
        ([["a"], ["b"], ["c", "a"]], ["a", "b"], "label_out_of_range", [2]),
        ([[0], [1, 7]], ["x", "y"], "label_out_of_range", [1]),
        ([[0.0, 1.0], [0.5, 1.0]], None, "label_out_of_range", [1]),
    ],
)
def test_rows_that_cannot_be_learned_are_named(values: list[Any], given: Any, code: str, rows: list[int]) -> None:
    with pytest.raises(BadRows) as caught:
        labels.read("label", given, {"test": column(values)})
    assert (caught.value.code, caught.value.split, caught.value.rows) == (code, "test", rows)


@pytest.mark.parametrize(
    ("values", "given", "title"),
    [
        ([["a", "b"], ["b", "a"]], None, "every row has the same labels"),
        ([["a"], []], None, "there is only one label"),
        ([[], []], None, "there is only one label"),
        ([[1.0, 0.0], [1.0]], None, "a row has 1 figures for 2 labels"),
        ([[1.0, 0.0], [1.0, 1.0]], ["a", "b", "c"], "a row has 2 figures for 3 labels"),
    ],
)
def test_sets_that_cannot_be_told_apart(values: list[Any], given: Any, title: str) -> None:
    with pytest.raises(FinetuiError, match=title):
        labels.read("label", given, {"train": column(values)})


def test_columns_of_0_and_1_are_named_by_data_labels(tmp_path: Path) -> None:
    rows = [{"text": f"t{n}", "rude": n % 2, "loud": int(n > 2), "n": n} for n in range(6)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = DataConfig(files={"train": str(file)}, labels=["loud", "rude"])
    train = sources.load(data)["train"]
    task = SequenceClassification(data, train, None)
    assert task.columns == {"text": "text", "label": "label_set"}
    assert task.label_names == ["loud", "rude"]
    assert [task.labels.encode(value) for value in train["label_set"]] == [[int(n > 2), n % 2] for n in range(6)]
    again = data.model_copy(update={"columns": task.columns})
    assert sources.load(again)["train"]["label_set"] == train["label_set"], "as a resumed run opens it"
    plain = DataConfig(files={"train": str(file)}, labels=["loud", "rude"], columns={"label": "n"})
    assert "label_set" not in sources.load(plain)["train"].column_names


ROWS = {"text": ["one", "two", "three", "four"], "label": [["a"], ["a", "b"], [], ["a"]]}


@pytest.fixture(scope="module")
def bert(shared: Path) -> Any:
    return AutoTokenizer.from_pretrained(shared / "models/bert-tiny-uncased")


def test_the_model_gets_floats_and_learns_each_label_for_itself(shared: Path, bert: Any) -> None:
    rows = Dataset.from_dict(ROWS)
    task = SequenceClassification(DataConfig(id="x"), rows, None)
    assert task.default_metrics == ["f1_micro", "f1_macro", "accuracy"]
    encoded = task.encode(rows[:], bert, 16)
    batch = task.collator(bert)([{name: values[row] for name, values in encoded.items()} for row in range(4)])
    assert batch["labels"].dtype == torch.float32
    assert batch["labels"].tolist() == [[1, 0], [1, 1], [0, 0], [1, 0]]
    config = AutoConfig.from_pretrained(shared / "models/bert-tiny-uncased", **task.model_options())
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(config).eval()
    with torch.no_grad():
        output = model(**batch)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(output.logits, batch["labels"])
    assert output.loss == pytest.approx(float(expected), abs=1e-6)

    views = [task.label_view({name: values[row] for name, values in encoded.items()}, bert).row for row in range(3)]
    assert views == ["a", "a, b", "no label"]
    questions = task.questions(rows[:], bert, 16)
    assert [question.expected for question in questions] == ["a", "a, b", "no label", "a"]
    with torch.no_grad():
        answers = task.answers(model, bert, questions, 8, lambda: False)
    shares = output.logits.sigmoid().tolist()
    for answer, row in zip(answers, shares, strict=True):
        assert answer.text == (
            ", ".join(name for name, share in zip("ab", row, strict=True) if share >= 0.5) or "no label"
        )
    said = SequenceClassification.predict(model, bert, ["two"], 16, None)
    assert {score.label: score.probability for score in said.labels or []} == pytest.approx(
        dict(zip("ab", shares[1], strict=True)), abs=1e-5
    )
    assert said.note == f"says: {answers[1].text}"


def test_metrics_of_sets_are_those_of_scikit_learn() -> None:
    rows = Dataset.from_dict(ROWS)
    task = SequenceClassification(DataConfig(id="x"), rows, None)
    logits = torch.tensor([[2.0, -1.0], [0.1, -3.0], [-1.0, -1.0], [-2.0, 0.5]])
    truth = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    said = task.reduce_logits(logits, truth).numpy()
    assert said.tolist() == [[1, 0], [1, 0], [0, 0], [0, 1]]
    found = task.metrics(["f1_micro", "f1_macro", "accuracy", "precision"])(EvalPrediction(said, truth.numpy()))
    assert found["accuracy"] == 0.5, "a set counts as a whole"
    assert found["f1_micro"] == pytest.approx(f1_score(truth, said, average="micro"))
    assert found["f1_macro"] == pytest.approx(f1_score(truth, said, average="macro", zero_division=0))
    assert found["precision"] == pytest.approx(0.5), "of sets the mean over the labels"
    assert metrics.compute(["accuracy"], said.tolist(), truth.int().tolist()) == {"accuracy": 0.5}


def test_baselines_know_sets() -> None:
    rows = Dataset.from_dict(
        {"text": ["aaa", "aaa bbb", "bbb", "aaa"] * 4, "label": [["a"], ["a", "b"], ["b"], ["a"]] * 4}
    )
    task = SequenceClassification(DataConfig(id="x"), rows, None)
    scores = dict(baselines.score(task, rows, rows, task.default_metrics))
    assert scores["majority class"]["eval_accuracy"] == 0.5
    assert scores["TF-IDF + logistic regression"]["eval_accuracy"] == 1.0


def test_the_pre_flight_counts_labels_of_sets() -> None:
    values = [["a"]] * 15 + [["a", "b"]] + [[]]
    rows = Dataset.from_dict({"text": [str(n) for n in range(17)], "label": values})
    task = SequenceClassification(DataConfig(id="x", labels=["a", "b", "c"]), rows, None)
    found = {finding.code: finding.message for finding in balance.look(task, "train", rows)}
    assert found == {
        "label_unused": "no row has the label c",
        "class_imbalance": "the labels are uneven: a is in 16 of 17 rows (94%), b in 1 (6%)",
    }


def test_label_smoothing_is_refused_for_sets(bert: Any) -> None:
    rows = Dataset.from_dict(ROWS)
    task = SequenceClassification(DataConfig(id="x"), rows, None)
    config = config_file.validate(
        {"model": {"id": "x"}, "data": {"id": "x"}, "training": {"label_smoothing_factor": 0.1}}
    )
    with pytest.raises(FinetuiError, match="label smoothing"):
        task.meet(bert, config)
