"""What the task of a source and a target makes of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, DatasetDict
from transformers import AutoTokenizer

from core import tasks
from core.config import DataConfig, RunConfig
from core.data import nested
from core.errors import FinetuiError
from core.tasks.base import IGNORED
from core.tasks.seq2seq_lm import Seq2SeqLM


def task(rows: dict[str, list[Any]], **data: Any) -> Seq2SeqLM:
    return Seq2SeqLM(DataConfig(id="any", **data), Dataset.from_dict(rows), None)


@pytest.mark.parametrize(
    ("names", "source", "target"),
    [
        (["word", "phonemes"], "word", "phonemes"),
        (["en", "de"], "en", "de"),
        (["id", "article", "highlights"], "article", "highlights"),
        (["document", "summary"], "document", "summary"),
        (["summary", "text"], "text", "summary"),
        (["source", "target"], "source", "target"),
        (["input", "output"], "input", "output"),
        (["question", "answer"], "question", "answer"),
    ],
)
def test_columns_are_guessed(names: list[str], source: str, target: str) -> None:
    assert task({name: ["a"] for name in names}).columns == {"source": source, "target": target}


@pytest.mark.parametrize(
    ("named", "source", "target"),
    [
        ({}, "translation.en", "translation.de"),
        ({"source": "de", "target": "en"}, "translation.de", "translation.en"),
        ({"source": "translation.de", "target": "translation.en"}, "translation.de", "translation.en"),
    ],
)
def test_a_translation_in_one_column_is_opened(named: dict[str, str], source: str, target: str) -> None:
    rows = Dataset.from_list([{"id": 1, "translation": {"en": "a dog", "de": "ein Hund"}}])
    opened = nested.opened(DatasetDict(train=rows), named)
    bound = Seq2SeqLM(DataConfig(id="any", columns=named), opened["train"], None)
    assert bound.columns == {"source": source, "target": target}
    assert opened["train"][0] == {"id": 1, "translation.en": "a dog", "translation.de": "ein Hund"}


def test_lists_are_no_texts() -> None:
    with pytest.raises(FinetuiError, match="column phonemes holds lists, no texts"):
        task({"word": ["to"], "phonemes": [["T", "UW"]]})


def test_other_columns_of_several_parts_stay_whole() -> None:
    rows = Dataset.from_list([{"answers": {"text": "x", "answer_start": 1}, "pair": {"a": "1", "b": "2"}}])
    opened = nested.opened(DatasetDict(train=rows), {"source": "pair.a"})["train"]
    assert opened.column_names == ["answers", "pair.a", "pair.b"]


def test_a_target_keeps_its_end_and_what_is_cut_is_counted(shared: Path) -> None:
    rows = {"word": ["to", "x"], "phonemes": ["abcdefgh", "ab"]}
    tokenizer = AutoTokenizer.from_pretrained(shared / "models/bart-g2p-en-us")  # ends texts by itself
    found = task(rows, max_target_length=5).encode(rows, tokenizer, 64)
    assert [row[-1] for row in found["labels"]] == [tokenizer.eos_token_id] * 2
    assert [len(row) for row in found["labels"]] == [5, 4]
    assert found["target_cut"] == [5, 0]
    endless = AutoTokenizer.from_pretrained(shared / "models/stories260K")  # does not
    found = task(rows, prefix="say: ").encode(rows, endless, 8)
    assert [row[-1] for row in found["labels"]] == [endless.eos_token_id] * 2
    assert [row.count(endless.eos_token_id) for row in found["labels"]] == [1, 1]
    assert max(map(len, found["labels"])) == 8
    assert endless.decode(found["input_ids"][1], skip_special_tokens=True) == "say: x"
    assert "labels" not in task(rows).encode({"word": ["to"]}, tokenizer, 64)


def test_labels_are_padded_with_what_the_loss_leaves_out_and_the_decoder_gets_them_shifted(shared: Path) -> None:
    folder = shared / "models/bart-g2p-en-us"
    rows = {"word": ["to", "longer"], "phonemes": ["abcd", "ab"]}
    bound, tokenizer = task(rows), AutoTokenizer.from_pretrained(folder)
    config = RunConfig.model_validate({"task": "seq2seq-lm", "model": {"id": str(folder)}, "data": {"id": "any"}})
    bound.meet(tokenizer, config)
    encoded = bound.encode(rows, tokenizer, 64)
    del encoded["target_cut"]
    batch = bound.collator(tokenizer)([{name: values[row] for name, values in encoded.items()} for row in range(2)])
    assert batch["labels"][1, -2:].tolist() == [IGNORED, IGNORED]
    assert batch["decoder_input_ids"][0].tolist() == [1, *batch["labels"][0, :-1].tolist()]
    assert IGNORED not in batch["decoder_input_ids"]


def test_another_answer_is_wrong_only_where_targets_are_short(shared: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(shared / "models/bart-g2p-en-us")
    for target, judged in (("noun", True), ("a whole sentence of words", False)):
        rows = {"word": ["word"], "phonemes": [target]}
        (question,) = task(rows).questions(rows, tokenizer, 64)
        assert (question.judged, question.expected) == (judged, target)


@pytest.mark.parametrize(
    ("field", "value", "other"),
    [
        ("prefix", "translate: ", "causal-lm"),
        ("max_target_length", 8, "causal-lm"),
        ("mask_probability", 0.3, "causal-lm"),
        ("packing", True, "seq2seq-lm"),
    ],
)
def test_a_field_of_another_task_is_refused(field: str, value: Any, other: str) -> None:
    config = RunConfig.model_validate(
        {"task": other, "model": {"id": "any"}, "data": {"id": "any", field: value, "max_length": 8}}
    )
    with pytest.raises(FinetuiError, match=rf"`data\.{field}` is for ") as refused:
        tasks.create(config, Dataset.from_dict({"text": ["a"]}))
    assert refused.value.key == f"data.{field}"
