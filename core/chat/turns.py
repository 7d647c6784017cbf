"""Which characters of a rendered conversation the assistant wrote.

Where a chat template marks them with `{% generation %}`, those are taken. Else they are found: the conversation is
rendered once more with a private character before and after each content, and where these stand is where the contents
stand, whatever is written in them. A template that treats marked contents otherwise than bare ones (it looks at how
they begin, say) is rendered turn by turn instead. What cannot be found either way is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.data.conversations import Message
from core.errors import FinetuiError, first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Span = tuple[int, int]
"""From a character up to, but not with, another."""

MARKS = re.compile(r"\{%-?\s*generation\s*-?%\}")
PRIVATE = (0xF0000, 0x100000, 0xE000)
"""Where planes of characters begin that no text uses; more than one, for the text that does."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A conversation as one text.

    Attributes:
        learned: what the assistant wrote, its turn ends included, in order.
        contents: message index -> where its content stands; what could not be found is absent.
    """

    text: str
    learned: list[Span]
    contents: dict[int, Span]


def render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], prompt: bool = False) -> str:
    """The conversation as the chat template writes it.

    Args:
        prompt: with the beginning of an answer after it.

    Raises:
        FinetuiError: the template refuses the conversation.
    """
    from jinja2 import TemplateError

    try:
        text = tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=prompt)
    except (TemplateError, TypeError, ValueError) as error:
        raise _refused(messages, f"the chat template says: {first_line(error)}") from None
    return str(text)


def read(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> Rendered:
    """Render a conversation and find what the assistant wrote.

    Raises:
        FinetuiError: the template refuses the conversation, or what the assistant wrote cannot be told.
    """
    if not messages:
        raise FinetuiError("a conversation has no messages", "there is a row without any", "leave such rows out")
    text = render(tokenizer, messages)
    turns = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    found = _located(tokenizer, messages, text)
    contents = {index: span for index, span in found[0].items() if messages[index]["content"]} if found else {}
    if has_marks(tokenizer):
        return Rendered(text, _marked(tokenizer, messages, text), contents)
    if not turns:
        return Rendered(text, [], contents)
    if found is not None and all(index in found[0] for index in turns):
        spans, tail = found
        specials = special_tokens(tokenizer)
        ends = [spans[index][1] for index in turns]
        learned = [
            (spans[index][0], end + turn_end(tail, text[end:], specials))
            for index, end in zip(turns, ends, strict=True)
        ]
    else:
        learned = [_by_prefix(tokenizer, messages, text, index) for index in turns]
        contents |= dict(zip(turns, learned, strict=True))
    return Rendered(text, learned, contents)


def has_marks(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the template itself says what the assistant writes."""
    return bool(MARKS.search(tokenizer.get_chat_template()))


def special_tokens(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    """What the tokenizer never splits: the texts of its added tokens."""
    return {token.content for token in tokenizer.added_tokens_decoder.values()}


def turn_end(alone: str, following: str, specials: Collection[str]) -> int:
    """How many characters after a content end its turn, with the line end that follows: as published marks have it.

    Args:
        alone: what the template writes after the last content of a conversation.
        following: what it writes after this content.
        specials: texts of tokens.
    """
    if following.startswith(alone):
        return len(alone)
    # The end of the conversation has what the end of a turn lacks: whole tokens and lines that both have count.
    common = alone[: shared(alone, following)]
    pattern = "|".join([*(rf"{re.escape(token)}\s*" for token in specials if token), r"\n+"])
    return max((match.end() for match in re.finditer(pattern, common)), default=0)


def shared(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items two sequences begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def squeezed(text: str) -> str:
    """Without white space, which templates trim and add."""
    return "".join(text.split())


def _marked(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], text: str) -> list[Span]:
    from transformers.utils.chat_template_utils import render_jinja_template

    options: dict[str, Any] = dict(tokenizer.special_tokens_map)
    found: Any = render_jinja_template(
        conversations=[list(messages)],
        chat_template=tokenizer.get_chat_template(),
        return_assistant_tokens_mask=True,
        **options,
    )
    rendered, spans = found
    assert rendered[0] == text
    return [(start, end) for start, end in spans[0] if end > start]


def _located(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], text: str
) -> tuple[dict[int, Span], str] | None:
    """Where each content stands, and what follows that of the last answer where nothing more is said.

    None where the template does not let itself be looked at this way.
    """
    base = _unused(messages)
    if base is None:
        return None
    last = max((index for index, message in enumerate(messages) if message["role"] == "assistant"), default=None)
    padded = any(message["content"] != message["content"].strip() for message in messages)
    for everyone in (True, False):
        for inner in (False, True) if padded else (False,):
            probe = [
                _probe(message, base + 2 * index, inner) if everyone or message["role"] == "assistant" else message
                for index, message in enumerate(messages)
            ]
            spans = _stripped(tokenizer, probe, base, text)
            if spans is None:
                continue
            if last is None or last not in spans:
                return spans, ""
            if last == len(messages) - 1:
                return spans, text[spans[last][1] :]
            short = render(tokenizer, messages[: last + 1])
            alone = _stripped(tokenizer, probe[: last + 1], base, short)
            if alone is not None and last in alone:
                return spans, short[alone[last][1] :]
    return None


def _unused(messages: Sequence[Message]) -> int | None:
    """Where characters begin that do not occur in the conversation, two per message."""
    used = {ord(letter) for message in messages for letter in message["content"] if letter >= "\ue000"}
    return next(
        (base for base in PRIVATE if not any(base <= letter < base + 2 * len(messages) for letter in used)), None
    )


def _probe(message: Message, first: int, inner: bool) -> Message:
    """The message with a character before and after its content, or before and after what a trim leaves of it."""
    content = message["content"]
    core = content.strip() if inner else content
    lead, _, trail = content.partition(core) if core else ("", "", content)
    return {**message, "content": f"{lead}{chr(first)}{core}{chr(first + 1)}{trail}"}


def _stripped(
    tokenizer: PreTrainedTokenizerBase, probe: Sequence[Message], base: int, text: str
) -> dict[int, Span] | None:
    """Where the contents stand in `text`; None if the probe is another text without its private characters."""
    try:
        rendered = render(tokenizer, probe)
    except FinetuiError:
        return None
    at: dict[int, list[int]] = {}
    plain: list[str] = []
    for letter in rendered:
        if base <= ord(letter) < base + 2 * len(probe):
            at.setdefault(ord(letter) - base, []).append(len(plain))
        else:
            plain.append(letter)
    if "".join(plain) != text:
        return None
    spans = {}
    for index in range(len(probe)):
        starts, ends = at.get(2 * index, []), at.get(2 * index + 1, [])
        if len(starts) == len(ends) == 1 and starts[0] <= ends[0]:
            spans[index] = (starts[0], ends[0])
    return spans


def _by_prefix(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], text: str, index: int) -> Span:
    """What an answer adds to the conversation before it: what follows the prompt that the model will be given.

    Raises:
        FinetuiError: that is not one piece of the whole, or is more than the answer.
    """
    given = render(tokenizer, messages[:index], prompt=True) if index else ""
    so_far = render(tokenizer, messages[: index + 1])
    written = so_far[len(given) :]
    content = squeezed(messages[index]["content"])
    if not so_far.startswith(given) or not squeezed(written).startswith(content):
        raise _refused(messages, f"the chat template does not write answer {index + 1} after its prompt as it stands")
    length = _reach(written, len(content))
    if not text.startswith(so_far[: len(given) + length]):
        raise _refused(messages, f"the chat template writes message {index + 1} otherwise once more is said after it")
    end = len(given) + length
    return len(given), end + turn_end(written[length:], text[end:], special_tokens(tokenizer))


def _reach(text: str, count: int) -> int:
    """Up to where `text` has `count` characters that are no white space."""
    seen = 0
    for index, letter in enumerate(text):
        if seen == count:
            return index
        seen += not letter.isspace()
    return len(text)


def _refused(messages: Sequence[Message], reason: str) -> FinetuiError:
    said = next((message["content"] for message in messages if message["role"] == "user"), "")
    roles = ", ".join(message["role"] for message in messages[:6])
    return FinetuiError(
        "a conversation does not fit the chat template",
        f"{reason}; roles: {roles}; the user says: {' '.join(said.split())[:80]}",
        "give model.chat_template one with {% generation %} marks, or change the conversation",
        key="model.chat_template",
    )
