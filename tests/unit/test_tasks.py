"""What tasks make of rows: labels, tensors, masks, metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features
from transformers import AutoTokenizer, EvalPrediction

from core import tasks
from core.config import DataConfig
from core.errors import FinetuiError
from core.tasks import labels
from core.tasks.causal_lm import CausalLM
from core.tasks.sequence_classification import SequenceClassification


def column(values: list[Any], **more: Any) -> Dataset:
    return Dataset.from_dict({"label": values}, **more)


@pytest.mark.parametrize(
    ("values", "given", "names", "ids"),
    [
        (["spam", "ham", "spam"], None, ["ham", "spam"], [1, 0, 1]),
        (["spam", "ham", "spam"], ["spam", "ham"], ["spam", "ham"], [0, 1, 0]),
        ([0, 1, 0], None, ["0", "1"], [0, 1, 0]),
        ([0, 2, 0], None, ["0", "1", "2"], [0, 2, 0]),
        ([1, 5, 3], None, ["1", "3", "5"], [0, 2, 1]),
        ([0, 100, 0], None, ["0", "100"], [0, 1, 0]),
        (["b", "a"], 2, ["a", "b"], [1, 0]),
        ([0, 1], 3, ["0", "1", "2"], [0, 1]),
        ([0, 1], ["no", "yes"], ["no", "yes"], [0, 1]),
        ([True, False], None, ["false", "true"], [1, 0]),
        ([0.5, 1.0], None, [], [0.5, 1.0]),
    ],
)
def test_labels_become_ids(values: list[Any], given: Any, names: list[str], ids: list[Any]) -> None:
    found = labels.read("label", given, {"train": column(values)})
    assert found.names == names
    assert [found.encode(value) for value in values] == ids


def test_class_labels_keep_their_names() -> None:
    features = Features({"label": ClassLabel(names=["neg", "pos"])})
    found = labels.read("label", None, {"train": column([1, 0], features=features)})
    assert found.names == ["neg", "pos"]


def test_labels_of_both_splits_count() -> None:
    found = labels.read("label", None, {"train": column(["a", "b"]), "test": column(["c"])})
    assert found.names == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("values", "given", "title", "detail"),
    [
        ([1, 1], None, "every row has the same label: 1", "2 rows"),
        (["a", "a"], None, "every row has the same label: a", "2 rows"),
        ([0, None, 1, None], None, "2 of 4 rows have no label", "rows 1, 3"),
        ([0.5, float("nan")], None, "1 of 2 rows have no label", "rows 1"),
        ([0, 1, -1], None, "outside the range: -1", "rows 2"),
        ([0, 1, 5], 2, "outside the range: 5", "rows 2"),
        (["a", "b"], ["a"], "outside the range: 'b'", "rows 1"),
        (["a", "b"], 3, "there are 2 labels, not 3", "data.labels: 3; the data has a, b"),
        ([-1, -1], None, "outside the range: -1", "rows 0, 1"),
    ],
)
def test_labels_that_cannot_be_learned(values: list[Any], given: Any, title: str, detail: str) -> None:
    with pytest.raises(FinetuiError) as caught:
        labels.read("label", given, {"train": column(values)})
    assert title in caught.value.title
    assert detail in caught.value.detail


@pytest.mark.parametrize(("values", "title"), [([{"a": 0}], "cannot be a label"), ([[[0]]], "cannot be a set of")])
def test_what_is_no_label(values: list[Any], title: str) -> None:
    with pytest.raises(FinetuiError, match=title):
        labels.read("label", None, {"train": column(values)})


def data(**fields: Any) -> DataConfig:
    return DataConfig.model_validate({"id": "d", **fields})


@pytest.fixture(scope="module")
def bert(shared: Path) -> Any:
    return AutoTokenizer.from_pretrained(shared / "models/bert-tiny-uncased")


@pytest.fixture(scope="module")
def llama(shared: Path) -> Any:
    tokenizer = AutoTokenizer.from_pretrained(shared / "models/stories260K")
    tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def test_a_pair_is_encoded_as_the_tokenizer_does(bert: Any) -> None:
    rows = Dataset.from_dict({"sentence1": ["a b", None], "sentence2": ["c", "d e f g"], "label": [0, 1]})
    task = SequenceClassification(data(), rows, None)
    assert task.columns == {"text": "sentence1", "text_pair": "sentence2", "label": "label"}
    encoded = task.encode(rows[:2], bert, 6)
    expected = bert(["a b", ""], ["c", "d e f g"], truncation=True, max_length=6)
    assert encoded == {**expected, "labels": [0, 1]}
    batch = task.collator(bert)([{name: values[index] for name, values in encoded.items()} for index in range(2)])
    assert batch["input_ids"].shape == (2, 6)
    assert batch["labels"].tolist() == [0, 1]


def test_the_default_metrics_follow_the_labels() -> None:
    def metrics_of(values: list[Any]) -> list[str]:
        rows = Dataset.from_dict({"text": ["x"] * len(values), "label": values})
        return SequenceClassification(data(), rows, None).default_metrics

    assert metrics_of([0, 1]) == ["accuracy", "f1"]
    assert metrics_of([0, 1, 2]) == ["accuracy", "f1_macro"]
    assert metrics_of([0.5, 1.5]) == ["mse", "pearson"]


def test_the_loss_sees_the_completion_and_its_end_alone(llama: Any) -> None:
    rows = Dataset.from_dict({"prompt": ["1 + 1 ="], "completion": [" 2"]})
    task = CausalLM(data(), rows, None)
    encoded = {name: values[0] for name, values in task.encode(rows[:1], llama, None).items()}
    learned = [token for token in encoded["labels"] if token != -100]
    assert llama.decode(learned, skip_special_tokens=True).strip() == "2"
    assert learned[-1] == llama.eos_token_id
    prompt = llama("1 + 1 =")["input_ids"]
    assert encoded["input_ids"][: len(prompt)] == prompt
    assert encoded["labels"][: len(prompt)] == [-100] * len(prompt)


def test_padding_never_hides_the_end_token(llama: Any) -> None:
    """The pad token is the end token here: labels derived from it would never teach the model to stop."""
    rows = Dataset.from_dict({"text": ["one", "one two three"]})
    task = CausalLM(data(), rows, None)
    encoded = task.encode(rows[:2], llama, None)
    batch = task.collator(llama)([{name: values[index] for name, values in encoded.items()} for index in range(2)])
    end = llama.eos_token_id
    assert (batch["labels"] == end).sum().item() == 2
    assert (batch["input_ids"] == end).sum().item() > 2
    assert (batch["labels"][batch["attention_mask"] == 0] == -100).all()


def test_text_is_learned_whole_and_cut_at_the_limit(llama: Any) -> None:
    rows = Dataset.from_dict({"text": ["one two three four five"]})
    task = CausalLM(data(), rows, None)
    encoded = task.encode(rows[:1], llama, 4)
    assert len(encoded["input_ids"][0]) == 4
    assert encoded["labels"][0][1:] == encoded["input_ids"][0][1:]


def test_prompt_and_completion_win_over_nothing_but_a_named_text() -> None:
    rows = Dataset.from_dict({"question": ["q"], "answer": ["a"], "text": ["t"]})
    assert CausalLM(data(), rows, None).columns == {"prompt": "question", "completion": "answer"}
    assert CausalLM(data(columns={"text": "text"}), rows, None).columns == {"text": "text"}
    with pytest.raises(FinetuiError, match="no column to learn from"):
        CausalLM(data(), Dataset.from_dict({"a": ["x"]}), None)


@pytest.mark.parametrize("task", [SequenceClassification, CausalLM])
def test_a_split_to_evaluate_on_needs_the_same_columns(task: Any) -> None:
    train = Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]})
    with pytest.raises(FinetuiError, match="split test has no column text"):
        task(data(eval_split="test"), train, Dataset.from_dict({"label": [0, 1]}))


def test_exact_match_is_of_whole_completions() -> None:
    rows = Dataset.from_dict({"prompt": ["p"], "completion": ["c"]})
    compute = CausalLM(data(), rows, None).metrics(["exact_match", "perplexity"])
    truth = np.array([[-100, 5, 6], [-100, 5, 7], [-100, -100, -100]])
    guess = np.array([[5, 6, 0], [5, 6, 0], [1, 1, 1]])  # position i predicts position i + 1
    found = compute(EvalPrediction(guess, truth, losses=np.array([0.0, 2.0])))
    assert found["exact_match"] == 0.5
    assert found["perplexity"] == pytest.approx(np.exp(1.0))


def test_every_task_name_has_a_class() -> None:
    from typing import get_args

    from core.config import TaskName

    for name in get_args(TaskName):
        assert issubclass(tasks.task_class(name), tasks.base.Task)
