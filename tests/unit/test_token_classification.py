"""Words and tags: which sub-word carries which tag, what is refused, what a person is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Value
from datasets import List as ListOf
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, ByT5Tokenizer, EvalPrediction

from core.config import DataConfig
from core.errors import FinetuiError
from core.inspection.lens import Lens
from core.tasks import words
from core.tasks.label_view import IGNORED
from core.tasks.token_classification import TokenClassification

WORD = st.one_of(
    st.text("aeiou xyz'-.😊東京é", min_size=1, max_size=8),
    st.sampled_from(["Empire", "http://t.co/x", "don't", "\u200b"]),
)


def rows_of(tokens: list[Any], tags: list[Any], **more: Any) -> Dataset:
    return Dataset.from_dict({"tokens": tokens, "ner_tags": tags}, **more)


def bind(rows: Dataset, evaluation: Dataset | None = None, **fields: Any) -> TokenClassification:
    return TokenClassification(DataConfig.model_validate({"id": "d", **fields}), rows, evaluation)


@pytest.fixture(scope="module")
def tokenizers(shared: Path) -> dict[str, Any]:
    """One that cuts at spaces, one that keeps the space with the word after it."""
    return {name: AutoTokenizer.from_pretrained(shared / "models" / name) for name in MARKS}


MARKS = {"bert-tiny-uncased": "", "minimind2-small": " "}
"""What stands before a word in the middle of a text, as the tokenizer sees it."""


@pytest.mark.parametrize("name", MARKS)
@settings(deadline=None, max_examples=60)
@given(given=st.lists(WORD, max_size=12), limit=st.one_of(st.none(), st.integers(4, 20)))
def test_the_first_subword_of_each_word_carries_its_tag(
    tokenizers: dict[str, Any], name: str, given: list[str], limit: int | None
) -> None:
    """Against each word tokenized by itself."""
    tokenizer = tokenizers[name]
    rows = rows_of([given, ["x", "y"]], [[index % 3 for index in range(len(given))], [0, 2]])
    task = bind(rows, labels=3)
    encoded = {key: values[0] for key, values in task.encode(rows[:1], tokenizer, limit).items()}
    ids, labels, lost = [], [], 0
    room = (limit or 10**6) - tokenizer.num_special_tokens_to_add()
    for index, word in enumerate(given):
        pieces = tokenizer((MARKS[name] if index else "") + word, add_special_tokens=False)["input_ids"]
        lost += bool(pieces) and len(ids) >= room
        ids += pieces
        labels += [index % 3, *[IGNORED] * (len(pieces) - 1)][: len(pieces)]
    around = tokenizer.num_special_tokens_to_add() // 2  # [CLS] and [SEP], or nothing
    inner = range(around, len(encoded["input_ids"]) - around)
    assert [encoded["input_ids"][place] for place in inner] == ids[:room]
    assert [encoded["labels"][place] for place in inner] == labels[:room]
    assert all(encoded["labels"][place] == IGNORED for place in range(len(encoded["labels"])) if place not in inner)
    assert encoded["words_cut"] == lost


@pytest.mark.parametrize(
    ("tags", "names", "ids"),
    [
        ([["O", "I-x"], ["B-x", "O"]], ["O", "B-x", "I-x"], [[0, 2], [1, 0]]),
        ([[0, 2], [1, 0]], ["0", "1", "2"], [[0, 2], [1, 0]]),
    ],
)
def test_tags_become_ids(tags: list[Any], names: list[str], ids: list[Any]) -> None:
    task = bind(rows_of([["a", "b"], ["c", "d"]], tags))
    assert task.label_names == names
    assert [[task.labels.encode(tag) for tag in row] for row in tags] == ids
    assert task.default_metrics == (["seqeval"] if "O" in names else ["accuracy", "f1_macro"])


def test_class_labels_keep_their_names_and_names_can_be_given() -> None:
    features = Features({"tokens": ListOf(Value("string")), "ner_tags": ListOf(ClassLabel(names=["O", "B-x", "B-y"]))})
    assert bind(rows_of([["a", "b"]], [[0, 2]], features=features)).label_names == ["O", "B-x", "B-y"]
    assert bind(rows_of([["a", "b"]], [[0, 2]]), labels=["O", "B-x", "I-x"]).label_names == ["O", "B-x", "I-x"]
    train, test = rows_of([["a", "b"]], [["O", "B-x"]]), rows_of([["c"]], [["B-y"]])
    assert bind(train, test, eval_split="test").label_names == ["O", "B-x", "B-y"]


@pytest.mark.parametrize(
    ("tokens", "tags", "fields", "title", "detail"),
    [
        (["a b"], [["O"]], {}, "column `tokens` holds no lists", "tokens of split"),
        ([["a"]], ["O"], {}, "column `ner_tags` holds no lists", "tags of split"),
        ([["a", "b"], ["c"]], [["O", "B-x"], []], {}, "1 of 2 rows have another number of tags", "row 1: 1 words"),
        ([["a", "b"]], [["O", "O"]], {}, "every word has the same tag: O", "ner_tags"),
        ([["a", "b"]], [["O", None]], {}, "cannot be tags", "string"),
        ([["a", "b"]], [["O", "B-x"]], {"labels": ["O"]}, "outside the range: 'B-x'", "rows 0"),
        ([["a", "b"]], [[0, 7]], {"labels": 3}, "outside the range: 7", "rows 0"),
    ],
)
def test_tags_that_cannot_be_learned(
    tokens: list[Any], tags: list[Any], fields: dict[str, Any], title: str, detail: str
) -> None:
    with pytest.raises(FinetuiError) as caught:
        bind(rows_of(tokens, tags), **fields)
    assert title in caught.value.title
    assert detail in caught.value.detail


def test_a_tokenizer_that_is_not_fast_is_refused() -> None:
    with pytest.raises(FinetuiError, match="does not say which word a token comes from") as caught:
        words.encode(ByT5Tokenizer(), [["a"]], None)
    assert "ByT5Tokenizer is not a fast tokenizer" in caught.value.detail


def test_cut_words_are_counted_and_said(tokenizers: dict[str, Any]) -> None:
    rows = rows_of([["a"] * 10, ["b"] * 3], [["O", "B-x"] * 5, ["O"] * 3])
    task = bind(rows)
    encoded = Dataset.from_dict(task.encode(rows[:], tokenizers["bert-tiny-uncased"], 6))
    assert encoded["words_cut"][:] == [6, 0]
    assert task.encoding_notes(encoded, 6) == ["6 words of 1 rows lie beyond 6 tokens: neither trained nor scored"]


def test_the_inspector_shows_the_aligned_tags(tokenizers: dict[str, Any]) -> None:
    rows = rows_of([["Toulousain", "born"]], [["B-person", "O"]])
    (view,) = Lens("", tokenizers["bert-tiny-uncased"], bind(rows), None).row(rows[0])
    pieces = list(zip(view.pieces, view.loss.tokens, strict=True))
    assert pieces[0] == ("[CLS]", None)
    assert pieces[1] == ("toulouse"[: len(pieces[1][0])], "B-person")
    assert pieces[2][0].startswith("##")
    assert pieces[2][1] is None
    assert ("born", "O") in pieces


def test_entities_and_other_metrics_of_the_same_words() -> None:
    rows = rows_of([["a", "b"]], [["B-x", "O"]])
    compute = bind(rows, labels=["O", "B-x", "I-x"]).metrics(["seqeval", "f1_micro"])
    truth = np.array([[IGNORED, 1, IGNORED, 2, 0, IGNORED], [IGNORED, 0, 1, IGNORED, IGNORED, IGNORED]])
    guess = np.array([[2, 1, 1, 2, 1, 2], [1, 0, 0, 1, 1, 1]])
    found = compute(EvalPrediction(guess, truth))
    # entities: (B I), (B) are there; (B I), (B) are said, the second in another place
    assert found == pytest.approx({"precision": 0.5, "recall": 0.5, "f1": 0.5, "accuracy": 0.6, "f1_micro": 0.6})


def test_typed_text_is_parted_into_words(tokenizers: dict[str, Any], shared: Path) -> None:
    text = " Empire State, in 東京 "
    bert = [text[start:end] for start, end in words.split(tokenizers["bert-tiny-uncased"], text)]
    assert bert == ["Empire", "State", ",", "in", "東", "京"]
    llama = AutoTokenizer.from_pretrained(shared / "models/stories15M")
    assert [text[start:end] for start, end in words.split(llama, text)] == text.split()
