"""Which tokens a masked language model has to guess, and what it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import AutoTokenizer, BertConfig, EvalPrediction

from core.config import DataConfig, RunConfig
from core.errors import FinetuiError
from core.tasks.base import IGNORED
from core.tasks.masked_lm import MaskedLM
from core.tasks.masking import Masking

LINES = ["We know what we are, but know not what we may be.", "The rest is silence.", "Nothing will come of nothing."]


@pytest.fixture(scope="module")
def tokenizer(shared: Path) -> Any:
    return AutoTokenizer.from_pretrained(shared / "models/bert-tiny-uncased")


@pytest.fixture(autouse=True)
def no_random_numbers_are_drawn() -> Iterator[None]:
    before = torch.random.get_rng_state()
    yield
    assert torch.equal(torch.random.get_rng_state(), before)


def task(**data: Any) -> MaskedLM:
    return MaskedLM(DataConfig(id="any", **data), Dataset.from_dict({"text": LINES}), None)


def rows(tokenizer: Any, texts: list[str], times: int = 1) -> list[dict[str, Any]]:
    encoded = task().encode({"text": texts * times}, tokenizer, 32)
    return [{name: values[row] for name, values in encoded.items()} for row in range(len(texts) * times)]


def test_masks_follow_from_seed_epoch_and_batch_alone(tokenizer: Any) -> None:
    collate: Any = task().collator(tokenizer)
    batch = rows(tokenizer, LINES)
    evaluated = collate(batch)
    collate(rows(tokenizer, LINES[:2]))  # whatever came between
    assert torch.equal(collate(batch)["input_ids"], evaluated["input_ids"])
    drawn = []
    for epoch, order in ((0, batch), (1, batch), (0, batch[::-1])):
        collate.epoch = epoch
        labels = collate(order)["labels"]
        drawn.append((labels if order is batch else labels.flip(0)).tolist())
    assert all(first != second for first, second in zip(drawn, [*drawn[1:], drawn[0]], strict=True))
    other: Any = Masking(tokenizer, seed=1, epoch=1)
    assert other(batch)["labels"].tolist() != drawn[1]


@pytest.mark.parametrize("share", [0.15, 0.4])
def test_the_loss_sees_masked_tokens_alone(share: float, tokenizer: Any) -> None:
    collate = task(mask_probability=share).collator(tokenizer)
    given = rows(tokenizer, LINES, 200)
    batch = collate(given)
    before = tokenizer.pad(given, return_tensors="pt")["input_ids"]
    guessed = batch["labels"] != IGNORED
    real = ~torch.isin(before, torch.tensor(tokenizer.all_special_ids))
    assert not (guessed & ~real).any()
    assert torch.equal(batch["labels"][guessed], before[guessed])
    assert torch.equal(batch["input_ids"][~guessed], before[~guessed])
    assert abs(float(guessed.sum() / real.sum()) - share) < 0.02
    hidden = batch["input_ids"][guessed] == tokenizer.mask_token_id
    assert abs(float(hidden.float().mean()) - 0.8) < 0.03


@pytest.mark.parametrize("texts", [["yes"], [""], ["", "no"]])
def test_a_batch_always_has_something_to_guess(texts: list[str], tokenizer: Any) -> None:
    """The loss over nothing is NaN, and so is every weight after it."""
    collate: Any = task(mask_probability=0.001).collator(tokenizer)
    for epoch in range(5):
        collate.epoch = epoch
        assert (collate(rows(tokenizer, texts))["labels"] != IGNORED).sum() == 1


def test_texts_are_packed_into_blocks(tokenizer: Any) -> None:
    bound = task(packing=True, max_length=8)
    encoded = bound.encode({"text": LINES}, tokenizer, 8)
    whole = [token for text in LINES for token in tokenizer(text)["input_ids"]]
    assert [token for block in encoded["input_ids"] for token in block] == whole
    assert {len(block) for block in encoded["input_ids"][:-1]} == {8}
    view = bound.label_view({"input_ids": encoded["input_ids"][2]}, tokenizer)
    assert "drawn anew for each batch" in view.note
    assert set(view.parts) == {"document 1", "document 2"}


def test_blank_lines_are_no_documents_of_a_block(tokenizer: Any) -> None:
    bound = task(packing=True, max_length=64)
    with_blanks = bound.encode({"text": [LINES[0], "", " ", None, LINES[1], ""]}, tokenizer, 64)
    without = bound.encode({"text": [LINES[0], LINES[1]]}, tokenizer, 64)
    assert with_blanks["input_ids"] == without["input_ids"]
    assert bound.encode({"text": ["", " "]}, tokenizer, 64)["input_ids"] == []


def test_metrics_are_those_of_the_masked_tokens(tokenizer: Any) -> None:
    import numpy as np

    compute = task().metrics(["accuracy", "perplexity"])
    found = compute(
        EvalPrediction(
            predictions=np.array([[5, 6, 7], [1, 2, 3]]),
            label_ids=np.array([[IGNORED, 6, 8], [IGNORED, IGNORED, 3]]),
            losses=np.array([0.0, 0.0]),
        )
    )
    assert found == {"accuracy": pytest.approx(2 / 3), "perplexity": 1.0}


def test_a_row_is_asked_with_its_middle_token_masked(tokenizer: Any) -> None:
    (question, nothing) = (task().questions({"text": [text]}, tokenizer, 32) for text in (LINES[1], ""))
    assert nothing == []
    assert (question[0].text, question[0].expected) == ("the rest [MASK] silence.", "is")
    with pytest.raises(FinetuiError, match=r"no \[MASK\] in this text"):
        task().typed_question("no mask", None, tokenizer, 32)
    with pytest.raises(FinetuiError, match="within 8 tokens"):
        task().typed_question("a " * 20 + "[MASK]", None, tokenizer, 8)


def test_a_tokenizer_without_a_mask_token_is_refused(shared: Path) -> None:
    stories = AutoTokenizer.from_pretrained(shared / "models/stories260K")
    config = RunConfig.model_validate({"task": "masked-lm", "model": {"id": "stories260K"}, "data": {"id": "any"}})
    with pytest.raises(FinetuiError, match="no mask token") as refused:
        task().meet(stories, config)
    assert "causal-lm" in refused.value.hint


def test_it_chooses_from_the_vocabulary() -> None:
    assert task().choices(BertConfig(vocab_size=30_522)) == 30_522
