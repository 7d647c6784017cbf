"""What the tokenizer makes of a row or of a text, as plain values: pieces, ids, masks, spans, labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core import models
from core.config import ModelConfig

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.tasks.base import Task

MASKED = "masked"
"""The label of a token that the loss leaves out."""


@dataclass(frozen=True, slots=True)
class Token:
    """One position of the model's input.

    Attributes:
        piece: the token's own text as the tokenizer writes it, legible also where it is half a character.
        start, end: the span of characters in the text it came from; None for special tokens.
        segment: 0 for the first text, 1 for the second of a pair.
        label: what the loss compares with at this position: a piece, MASKED, or empty where labels are per row.
    """

    piece: str
    id: int
    special: bool
    segment: int
    attended: bool
    start: int | None = None
    end: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class TokenView:
    """A tokenized row. `truncated` counts the tokens that were cut; `label` is the row's own, where it has one."""

    tokens: list[Token]
    truncated: int = 0
    label: str = ""


def load_tokenizer(ref: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder or Hub id.

    Raises:
        FinetuiError: there is none.
    """
    return models.load_tokenizer(ModelConfig(id=ref))


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str, text_pair: str | None = None) -> TokenView:
    """The tokens of a typed text or pair, untruncated, special tokens included."""
    encoded = tokenizer(text, text_pair, return_offsets_mapping=tokenizer.is_fast)
    return TokenView(_tokens(tokenizer, encoded["input_ids"], encoded.get("offset_mapping"), encoded))


def rows(task: Task, tokenizer: PreTrainedTokenizerBase, example: dict[str, Any], max_length: int | None) -> TokenView:
    """The tokens of a dataset row, exactly as the task's own `encode` hands them to the collator."""
    batch = {column: [value] for column, value in example.items()}
    encoded = {name: values[0] for name, values in task.encode(batch, tokenizer, max_length).items()}
    whole = task.encode(batch, tokenizer, None)["input_ids"][0] if max_length is not None else encoded["input_ids"]
    view = task.label_view(encoded, tokenizer)
    labels = [MASKED if label is None else label for label in view.tokens]
    tokens = _tokens(tokenizer, encoded["input_ids"], None, encoded, labels)
    return TokenView(tokens, len(whole) - len(encoded["input_ids"]), view.row)


def _tokens(
    tokenizer: PreTrainedTokenizerBase,
    ids: list[int],
    offsets: list[tuple[int, int]] | None,
    encoded: Any,
    labels: Sequence[str] = (),
) -> list[Token]:
    special = set(tokenizer.all_special_ids)
    segments = encoded.get("token_type_ids") or [0] * len(ids)
    mask = encoded.get("attention_mask") or [1] * len(ids)
    return [
        Token(
            piece=piece(tokenizer, token),
            id=token,
            special=token in special,
            segment=segments[index],
            attended=bool(mask[index]),
            start=offsets[index][0] if offsets and token not in special else None,
            end=offsets[index][1] if offsets and token not in special else None,
            label=labels[index] if labels else "",
        )
        for index, token in enumerate(ids)
    ]


def piece(tokenizer: PreTrainedTokenizerBase, token: int) -> str:
    """A token as its vocabulary writes it, byte-level pieces turned back into the characters that they stand for.

    Half a character stays in the vocabulary's own notation.
    """
    raw = tokenizer.convert_ids_to_tokens(token)
    if raw is None:
        return f"<{token}>"
    text = raw if isinstance(raw, str) else str(raw)
    if "Ġ" in text or "Ċ" in text or any("\x80" <= letter <= "Ń" for letter in text):
        decoded = tokenizer.convert_tokens_to_string([text])
        if decoded and "\ufffd" not in decoded:
            return decoded.replace(" ", "␣").replace("\n", "⏎")
    return text
