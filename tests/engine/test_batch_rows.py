"""Which row of the data a row of a tensor is, where the collator stacks two sequences of each row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core import config_file
from core.config import DataConfig
from core.data import sources
from core.data.browse import Browser
from core.inspection.batches import Batch
from core.inspection.inspector import Inspector
from tui import inspection_words as words
from tui import token_reader
from tui.widgets.batch_page import BatchPage


@pytest.fixture(scope="module")
def dpo(shared: Path) -> Path:
    return shared / "data/llama_factory_demo/dpo_en_demo.json"


@pytest.fixture(scope="module")
def batch(shared: Path, dpo: Path) -> Batch:
    looked = Inspector(
        config_file.validate(
            {
                "task": "preference",
                "model": {"id": str(shared / "models/minimind2-small")},
                "data": {"id": str(dpo), "limit": {"train": 12}},
                "training": {"per_device_train_batch_size": 3},
            }
        )
    )
    return looked.batches("train").read(1)


def test_chosen_stand_above_rejected_and_each_knows_its_row(batch: Batch, shared: Path, dpo: Path) -> None:
    ids = next(tensor for tensor in batch.tensors if tensor.name == "input_ids")
    assert ids.shape[0] == 6
    places = [batch.place(ids, index) for index in range(6)]
    assert places == [(row, name) for name in ("chosen", "rejected") for row in batch.rows]
    assert words.batch_row(*places[4]) == f"row {batch.rows[1]:,} rejected"  # type: ignore[misc]
    assert "each chosen and rejected" in words.batch(batch)


def test_the_padding_of_both_answers_is_known(batch: Batch) -> None:
    tensors = {tensor.name: tensor for tensor in batch.tensors}
    mask = tensors["attention_mask"]
    assert mask.filled == tensors["input_ids"].filled
    assert [end for _, end in mask.filled] == [sum(row) for row in mask.values]
    assert max(end for _, end in mask.filled) == mask.shape[1]


@pytest.mark.parametrize(
    ("path", "model", "task"),
    [
        ("llama_factory_demo/dpo_en_demo.json", "minimind2-small", "preference"),
        ("llama_factory_demo/identity.json", "minimind2-small", "chat"),
        ("llama_factory_demo/identity.json", "stories260K", "causal-lm"),
        ("tinyshakespeare/input.txt", "bert-tiny-uncased", "masked-lm"),
        ("mrpc/validation.jsonl", "bert-tiny-uncased", "sequence-classification"),
    ],
)
def test_the_task_is_guessed_from_columns_and_tokenizer(shared: Path, path: str, model: str, task: str) -> None:
    data = DataConfig(id=str(shared / "data" / path))
    browser = Browser(data, sources.load(data))
    found = token_reader.of_data(browser, str(shared / "models" / model), {"data": {}})
    assert found.note.startswith(f"{task} (guessed)")


@pytest.mark.parametrize(
    ("row", "model", "task"),
    [
        ({"text": "a long one", "summary": "short"}, "bart-g2p-en-us", "seq2seq-lm"),
        ({"document": "a long one", "summary": "short"}, "bart-g2p-en-us", "seq2seq-lm"),
        ({"article": "a long one", "highlights": "short"}, "bart-g2p-en-us", "seq2seq-lm"),
        ({"translation": {"en": "a dog", "de": "ein Hund"}}, "bart-g2p-en-us", "seq2seq-lm"),
        # A model without a decoder of its own.
        ({"text": "a long one", "summary": "short"}, "stories260K", "causal-lm"),
        ({"text": "a dog", "id": "1"}, "stories260K", "causal-lm"),
        ({"question": "1 + 1", "answer": "2"}, "stories260K", "causal-lm"),
        ({"instruction": "Add.", "input": "1 1", "output": "2"}, "stories260K", "causal-lm"),
        ({"question": "1 + 1", "answer": "2"}, "bart-g2p-en-us", "causal-lm"),
    ],
)
def test_a_text_and_what_is_made_of_it_are_source_and_target(
    row: dict[str, Any], model: str, task: str, shared: Path, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n" + json.dumps(row) + "\n")
    data = DataConfig(id=str(tmp_path / "rows.jsonl"))
    found = token_reader.of_data(Browser(data, sources.load(data)), str(shared / "models" / model), {"data": {}})
    assert found.note.startswith(f"{task} (guessed)")


def test_the_padding_of_an_epoch_counts_both_answers(shared: Path, dpo: Path) -> None:
    looked = Inspector(
        config_file.validate(
            {
                "task": "preference",
                "model": {"id": str(shared / "models/minimind2-small")},
                "data": {"id": str(dpo), "limit": {"train": 6}},
                "training": {"per_device_train_batch_size": 6},
            }
        )
    )
    batches = looked.batches("train")
    ids = next(tensor for tensor in batches.read(0).tensors if tensor.name == "input_ids")
    assert batches.padding().now == pytest.approx(ids.padding)


def test_what_is_said_of_a_position_is_of_its_own_side(shared: Path) -> None:
    words_of = {"train": str(shared / "data/g2p_en/us_train.jsonl")}
    looked = Inspector(
        config_file.validate(
            {
                "task": "seq2seq-lm",
                "model": {"id": str(shared / "models/bart-g2p-en-us")},
                "data": {"files": words_of, "limit": {"train": 2}, "max_length": 6, "max_target_length": 6},
            }
        )
    )
    page = BatchPage("page")
    page._batch = looked.batches("train").read(0)
    shapes = {tensor.name: tensor.shape for tensor in page._batch.tensors}
    assert set(shapes.values()) == {(2, 6)}, "encoder and decoder look alike"
    sides = {tensor.name: {other.name for other in page._kin(tensor)} for tensor in page._batch.tensors}
    assert sides["input_ids"] == {"input_ids", "attention_mask"}
    assert sides["labels"] == {"labels", "decoder_input_ids"}
