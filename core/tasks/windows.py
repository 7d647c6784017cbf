"""Questions and contexts as token ids: a long context becomes several windows that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from core.tasks.words import require_fast

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

OUTSIDE = -1
"""Where a token is not of the context, it has no place there."""
NULL = 0
"""The position that stands for no answer in the window: the first token, as a rule [CLS]."""
USUAL_STRIDE = 128
"""The overlap of windows of 384 tokens that is usual for SQuAD."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of some rows.

    Attributes:
        inputs: input name -> ids, one list per window, unpadded.
        row: index of the row of each window.
        starts, ends: of each token the characters of the context that it stands for; OUTSIDE for other tokens.
    """

    inputs: dict[str, list[list[int]]]
    row: list[int]
    starts: list[list[int]]
    ends: list[list[int]]


def encode(
    tokenizer: PreTrainedTokenizerBase,
    questions: Sequence[str],
    contexts: Sequence[str],
    max_length: int | None,
    stride: int | None,
) -> Windows:
    """The windows of each question with its context. A question of more than half a window loses its end.

    Args:
        max_length: tokens per window; None makes one window of any context.
        stride: tokens of context that two windows share.

    Raises:
        FinetuiError: the windows are too short for question, stride and some context; or there are no offsets.
    """
    require_fast(tokenizer, "which characters a token stands for")
    limits: dict[str, Any] = {}
    if max_length is not None:
        room = max_length // 2 - tokenizer.num_special_tokens_to_add(pair=True)
        shared = overlap(stride, max_length)
        if room < 1 or shared >= max_length - max_length // 2:
            raise FinetuiError(
                f"windows of {max_length} tokens are too short",
                f"data.max_length: {max_length}, data.stride: {shared}; a question may have half of a window",
                "set data.stride below half of data.max_length, or raise data.max_length (384 is usual)",
                key="data.stride" if room >= 1 else "data.max_length",
            )
        questions = _cut(tokenizer, questions, room)
        limits = {
            "truncation": "only_second",
            "max_length": max_length,
            "stride": shared,
            "return_overflowing_tokens": True,
        }
    encoded = tokenizer(list(questions), list(contexts), return_offsets_mapping=True, **limits)
    rows = encoded.pop("overflow_to_sample_mapping", list(range(len(questions))))
    starts, ends = [], []
    for index, offsets in enumerate(encoded.pop("offset_mapping")):
        of_context = [part == 1 for part in encoded.sequence_ids(index)]
        starts.append([start if inside else OUTSIDE for (start, _), inside in zip(offsets, of_context, strict=True)])
        ends.append([end if inside else OUTSIDE for (_, end), inside in zip(offsets, of_context, strict=True)])
    return Windows(dict(encoded), rows, starts, ends)


def overlap(stride: int | None, max_length: int) -> int:
    """How many tokens of context two windows share: `stride`, else what is usual for windows of their length."""
    return stride if stride is not None else min(USUAL_STRIDE, max_length // 3)


def positions(starts: Sequence[int], ends: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """The first and the last token of the characters `start` to `end` of the context; NULL twice where the window does
    not hold all of them."""
    inside = [index for index, place in enumerate(starts) if place != OUTSIDE]
    if not inside or start >= end or starts[inside[0]] > start or ends[inside[-1]] < end:
        return NULL, NULL
    first = next(index for index in inside if ends[index] > start)
    last = next(index for index in reversed(inside) if starts[index] < end)
    return (first, last) if first <= last else (NULL, NULL)


def _cut(tokenizer: PreTrainedTokenizerBase, questions: Sequence[str], room: int) -> list[str]:
    encoded = tokenizer(list(questions), add_special_tokens=False, return_offsets_mapping=True)
    return [
        text if len(offsets) <= room else text[: offsets[room - 1][1]]
        for text, offsets in zip(questions, encoded["offset_mapping"], strict=True)
    ]
