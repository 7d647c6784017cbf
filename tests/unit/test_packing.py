"""Packing over a whole split: only the last block is short, however the rows come in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import config_file
from core.training import prepare
from core.training.preflight import batches, tokens

LENGTH = 64


@pytest.fixture(scope="module")
def packed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """1050 rows: more than one batch of the library's map, and many of the parts that are tokenized at a time."""
    place = tmp_path_factory.mktemp("packed")
    rows = [{"text": "the cat " * (index % 5)} for index in range(1050)]
    (place / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = config_file.validate(
        {
            "task": "causal-lm",
            "model": {"id": str(shared / "models/stories260K")},
            "data": {"files": {"train": str(place / "rows.jsonl")}, "max_length": LENGTH, "packing": True},
        }
    )
    checked = prepare.check(config)
    return checked, prepare.encode(checked, checked.train, place)


def test_blocks_are_those_of_the_joined_text(packed: Any) -> None:
    """The grouping of transformers' run_clm and of TRL's `wrapped`: everything end to end, cut every so many tokens."""
    checked, blocks = packed
    end = checked.tokenizer.eos_token_id
    texts = checked.tokenizer(list(checked.train["text"]))["input_ids"]
    kept = [bool(text) for text in checked.train["text"]]
    assert kept.count(False) == 210  # a blank row is no document: it adds no end
    texts = [ids if keep else [] for ids, keep in zip(texts, kept, strict=True)]
    joined = [token for ids in texts if ids for token in [*ids, end]]
    assert list(blocks["input_ids"]) == [joined[start : start + LENGTH] for start in range(0, len(joined), LENGTH)]
    owners = [row for row, ids in enumerate(texts) if ids for _ in range(len(ids) + 1)]
    assert list(blocks["row"]) == owners[::LENGTH]


def test_the_pre_flight_sees_the_same_blocks(packed: Any) -> None:
    checked, blocks = packed
    seen = tokens.look(checked, checked.train, lambda done, total: None)
    assert seen.lengths.tolist() == [len(ids) for ids in blocks["input_ids"]]
    assert seen.rows is not None
    assert np.array_equal(seen.rows, blocks["row"])
    assert not seen.untrained
    assert not seen.cut
    wanted = [0, len(blocks) - 2, len(blocks) - 1]
    found = batches.elements(checked, checked.train, seen, wanted)
    assert [len(block["input_ids"]) for block in found] == [len(blocks[index]["input_ids"]) for index in wanted]


def test_a_block_longer_than_a_batch_of_rows(packed: Any, shared: Path, tmp_path: Path) -> None:
    checked, _ = packed
    data = checked.config.data.model_copy(update={"max_length": 10**5})
    checked = prepare.Checked(
        **{name: getattr(checked, name) for name in checked.__slots__ if name != "config"},
        config=checked.config.model_copy(update={"data": data}),
    )
    assert len(prepare.encode(checked, checked.train, tmp_path)) == 1
