"""Words and the sub-words that a tokenizer makes of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import FinetuiError
from core.tasks.label_view import IGNORED

if TYPE_CHECKING:
    from transformers import BatchEncoding, PreTrainedTokenizerBase

_NO_SPACE = re.compile(r"\S+")


def encode(
    tokenizer: PreTrainedTokenizerBase, rows: Sequence[Sequence[str]], max_length: int | None
) -> tuple[BatchEncoding, list[list[int | None]]]:
    """Rows of words as token ids, unpadded, and of each token the index of its word (None for special tokens).

    A tokenizer that marks the space before a word in running text, and not at the beginning, gets that space here as
    well: else it would see every word as the first of its text.

    Raises:
        FinetuiError: the tokenizer does not say which word a token comes from.
    """
    require_fast(tokenizer, "which word a token comes from")
    if _marks_spaces(tokenizer):
        rows = [[f" {word}" if index else word for index, word in enumerate(words)] for words in rows]
    encoded = tokenizer(
        [list(words) for words in rows],
        is_split_into_words=True,
        truncation=max_length is not None,
        max_length=max_length,
    )
    return encoded, [encoded.word_ids(index) for index in range(len(rows))]


def first_subwords(word_ids: Sequence[int | None], labels: Sequence[int]) -> list[int]:
    """The label of each word at its first token, IGNORED at every other token."""
    before: int | None = None
    found = []
    for word in word_ids:
        found.append(IGNORED if word is None or word == before else labels[word])
        before = word
    return found


def cut(encoded: BatchEncoding, index: int) -> int:
    """How many words of a row have all their tokens beyond the limit."""
    kept = (encoded.encodings or [])[index]
    beyond = {word for part in kept.overflowing for word in part.word_ids}
    return len(beyond - {None, *kept.word_ids})


def split(tokenizer: PreTrainedTokenizerBase, text: str) -> list[tuple[int, int]]:
    """Where the words of a typed text begin and end, as the tokenizer parts them before it makes sub-words.

    Raises:
        FinetuiError: the tokenizer does not say it.
    """
    require_fast(tokenizer, "where a word begins and ends")
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    spans: dict[int, tuple[int, int]] = {}
    for word, (start, end) in zip(encoded.word_ids(0), encoded["offset_mapping"], strict=True):
        if word is not None and end > start:
            spans[word] = (min(start, spans.get(word, (start, end))[0]), end)
    # Some do not part words at all, or leave the space before a word with it.
    return [
        (start + word.start(), start + word.end())
        for start, end in spans.values()
        for word in _NO_SPACE.finditer(text[start:end])
    ]


def require_fast(tokenizer: PreTrainedTokenizerBase, what: str) -> None:
    """Refuse a tokenizer without offsets.

    Raises:
        FinetuiError: it is not a fast one.
    """
    if not tokenizer.is_fast:
        raise FinetuiError(
            f"the tokenizer does not say {what}",
            f"{type(tokenizer).__name__} is not a fast tokenizer",
            "choose a model with a fast one: its folder has a tokenizer.json",
            key="model.tokenizer",
        )


def _marks_spaces(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether a word after a space has other tokens than the same word at the beginning."""
    alone, spaced, both = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("x", " x", "x x"))
    return bool(both != alone + alone and both == alone + spaced)
