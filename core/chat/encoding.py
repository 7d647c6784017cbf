"""A conversation as token ids, with what is learned of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.chat import turns
from core.chat.turns import Span
from core.data.conversations import Message
from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PARTS = ("template", "system", "user", "assistant", "tool")
"""What a token can belong to: what the template adds, or what somebody says."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One conversation, uncut.

    Attributes:
        ids: token ids.
        learned: per token, whether the loss sees it.
        parts: per token, its index in PARTS.
    """

    ids: list[int]
    learned: list[bool]
    parts: list[int]


def encode(tokenizer: PreTrainedTokenizerBase, conversations: Sequence[Sequence[Message]]) -> list[Encoded]:
    """Tokens of conversations as the chat template writes them.

    A token is learned if any of its characters is the assistant's or ends the assistant's turn.

    Raises:
        FinetuiError: what the assistant wrote cannot be told, or shares a token with what somebody else did.
    """
    if not tokenizer.is_fast:
        raise FinetuiError(
            "this tokenizer cannot say where its tokens stand",
            f"{type(tokenizer).__name__} is not a fast tokenizer",
            "choose a model with a tokenizer.json",
        )
    rendered = [turns.read(tokenizer, messages) for messages in conversations]
    batch = tokenizer(
        [item.text for item in rendered], add_special_tokens=False, return_offsets_mapping=True, verbose=False
    )
    strict, found = not turns.has_marks(tokenizer), []
    for messages, item, ids, offsets in zip(
        conversations, rendered, batch["input_ids"], batch["offset_mapping"], strict=True
    ):
        learned, parts = [False] * len(ids), [0] * len(ids)
        for index, span in item.contents.items():
            for position in _tokens(offsets, span):
                parts[position] = PARTS.index(messages[index]["role"])
        for span in item.learned:
            for position in _tokens(offsets, span):
                learned[position], parts[position] = True, PARTS.index("assistant")
        _check(messages, item, offsets, learned, strict)
        found.append(Encoded(list(ids), learned, parts))
    return found


def prompt(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> list[int]:
    """Token ids of a conversation up to where the assistant is to answer."""
    text = turns.render(tokenizer, messages, prompt=True)
    ids: list[int] = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return ids


def _tokens(offsets: Sequence[Span], span: Span) -> range:
    """The tokens from the first to the last that has a character of the span."""
    inside = [index for index, (start, end) in enumerate(offsets) if start < span[1] and end > span[0] and end > start]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def _check(
    messages: Sequence[Message], item: turns.Rendered, offsets: Sequence[Span], learned: Sequence[bool], strict: bool
) -> None:
    """Hold the mask against the turns: all that the assistant said is learned, and nothing that anybody else wrote.

    Args:
        strict: marks of the template may leave answers out on purpose; what was found without them may not.

    Raises:
        FinetuiError: it does not hold.
    """
    covered = bytearray(len(item.text))
    for (start, end), is_learned in zip(offsets, learned, strict=True):
        if is_learned:
            covered[start:end] = b"\1" * (end - start)
    for start, end in item.learned:
        covered[start:end] = b"\0" * (end - start)
    stray = next((at for at, flag in enumerate(covered) if flag and not item.text[at].isspace()), None)
    if stray is not None:
        near = item.text[max(0, stray - 20) : stray + 20]
        raise _unclear(f"a token spans the end of one part and the beginning of another: {near!r}")
    for index, message in enumerate(messages):
        span = item.contents.get(index)
        if span is None:
            continue
        inside = any(start <= span[0] and span[1] <= end for start, end in item.learned)
        if strict and message["role"] == "assistant" and not inside:
            raise _unclear(f"the answer {message['content'][:40]!r} would not be learned")
        if message["role"] != "assistant" and any(start < span[1] and span[0] < end for start, end in item.learned):
            raise _unclear(f"what the {message['role']} says would be learned: {message['content'][:40]!r}")


def _unclear(reason: str) -> FinetuiError:
    return FinetuiError(
        "it cannot be told what the assistant wrote",
        reason,
        "choose another model.chat_template, or change the row",
        key="model.chat_template",
    )


def answers(item: Encoded) -> list[list[int]]:
    """The token ids of each piece that is learned."""
    runs = itertools.groupby(zip(item.ids, item.learned, strict=True), key=lambda pair: pair[1])
    return [[token for token, _ in run] for learned, run in runs if learned]


def end_of(tokenizer: PreTrainedTokenizerBase, answer: Sequence[int]) -> str | None:
    """The token that ends an answer, white space after it left aside; None where that is no token of its own."""
    known = tokenizer.added_tokens_decoder
    for token in reversed(answer):
        if token in known:
            return known[token].content
        if str(tokenizer.decode([token])).strip():
            break
    return None


def ends(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """What ends an answer besides the end of the text: the token that the template puts there, if it has one."""
    asked = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    try:
        (item,) = encode(tokenizer, [asked])
    except FinetuiError:  # a template with rules of its own
        return []
    found = {end_of(tokenizer, answer) for answer in answers(item)}
    return [id for id, token in tokenizer.added_tokens_decoder.items() if token.content in found]
