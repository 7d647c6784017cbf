"""Asking a masked language model what stands in the place of a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core import answering, tokens
from core.errors import FinetuiError
from core.predictions import LabelScore, Prediction
from core.tasks.base import Answer, Question

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

SHOWN = 5
"""Answers that Chat gets, the likeliest first."""
AROUND = 32
"""Tokens on each side of the mask that a sampled row is asked with."""


def require(tokenizer: PreTrainedTokenizerBase, name: str) -> str:
    """The mask token.

    Raises:
        FinetuiError: there is none.
    """
    if tokenizer.mask_token is None:
        raise FinetuiError(
            "the tokenizer has no mask token",
            f"{name} was not made to guess hidden tokens",
            "choose an encoder such as BERT, or the task causal-lm",
            key="model.id",
        )
    return str(tokenizer.mask_token)


def asked(tokenizer: PreTrainedTokenizerBase, text: str, max_length: int | None) -> list[int]:
    """Token ids of a text with a mask.

    Raises:
        FinetuiError: there is none in it, or not within `max_length` tokens.
    """
    mask = require(tokenizer, "this model")
    ids: list[int] = tokenizer(text, truncation=max_length is not None, max_length=max_length)["input_ids"]
    if tokenizer.mask_token_id not in ids:
        cut = f" within {max_length} tokens" if mask in text else ""
        raise FinetuiError(
            f"there is no {mask} in this text{cut}", text[:100], f"write {mask} where a token is to be guessed"
        )
    return ids


def questions(texts: Sequence[Any], tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
    """Each text with the token in its middle masked, and that token; none of a text with less than two."""
    found = []
    special = set(tokenizer.all_special_ids)
    for text in texts:
        ids = tokenizer(str(text or ""), truncation=max_length is not None, max_length=max_length)["input_ids"]
        places = [place for place, token in enumerate(ids) if token not in special]
        if len(places) < 2:
            continue
        at = places[len(places) // 2]
        hidden = [*ids[:at], tokenizer.mask_token_id, *ids[at + 1 :]]
        shown = tokenizer.decode([hidden[place] for place in places if abs(place - at) <= AROUND])
        truth = tokens.piece(tokenizer, ids[at]).strip()
        found.append(Question(str(shown), {"input_ids": hidden}, expected=truth, judged=True))
    return found


def answers(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, rows: list[list[int]]) -> list[Answer]:
    """The likeliest token in the place of the first mask of each row of token ids."""
    batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt")
    logits = model(**answering.inputs(model, batch)).logits
    found = []
    for index, ids in enumerate(batch["input_ids"].tolist()):
        shares = logits[index, ids.index(tokenizer.mask_token_id)].float().softmax(-1)
        share, token = shares.max(-1)
        found.append(Answer(tokens.piece(tokenizer, int(token)).strip(), float(share)))
    return found


def predict(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> Prediction:
    """The likeliest tokens in the place of the first mask of a row of token ids."""
    import torch

    batch = tokenizer.pad({"input_ids": [ids]}, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**answering.inputs(model, batch)).logits[0, ids.index(tokenizer.mask_token_id)]
    shares, best = logits.float().softmax(-1).topk(SHOWN)
    masks = ids.count(tokenizer.mask_token_id)
    return Prediction(
        labels=[
            LabelScore(tokens.piece(tokenizer, token).strip(), share)
            for token, share in zip(best.tolist(), shares.tolist(), strict=True)
        ],
        note=f"the first of {masks} masks; fill it in to ask for the next" if masks > 1 else "",
    )
