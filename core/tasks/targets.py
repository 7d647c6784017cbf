"""What a decoder shall write, as token ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def encode(
    texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, limit: int | None
) -> tuple[list[list[int]], list[int]]:
    """Token ids of targets, each with its end, and how many tokens of each were cut."""
    end = tokenizer.eos_token_id
    found, cut = [], []
    for text, ids in zip(texts, tokenizer(text_target=list(texts), verbose=False)["input_ids"], strict=True):
        ended = end is None or end in ids[-2:]  # behind the end some tokenizers name the language
        whole = list(ids) if ended else [*ids, end]
        kept = whole
        if limit is not None and len(whole) > limit:
            # As the tokenizer cuts: what it ends every text with is kept.
            kept = tokenizer(text_target=text, truncation=True, max_length=limit)["input_ids"]
            kept = list(kept) if ended else [*whole[: limit - 1], end]
        found.append(kept)
        cut.append(len(whole) - len(kept))
    return found, cut
