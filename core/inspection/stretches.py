"""A long text tokenized in stretches, of which a key that is typed changes one.

Only for tokenizers that never look beyond the blank between two words: what they make of the stretches is, put
together, exactly what they make of the text. Which ones these are is read off their parts; any other gets the text
as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Encoding

LENGTH = 1000
"""Characters of a stretch, about. A text of fewer than two is tokenized as it is."""
CUT = re.compile(r"(?<=[A-Za-z0-9])(?= [A-Za-z0-9])")
"""A stretch begins with the blank between two words of plain letters."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some of a text.

    Attributes:
        words: per token the number of its word, counted from 0 in here; `count` is how many there are.
        reaches: whether its last token ends where it ends, so that another one can follow it.
    """

    text: str
    encoding: Encoding
    words: list[int | None]
    count: int
    reaches: bool

    @classmethod
    def of(cls, text: str, encoding: Encoding) -> Stretch:
        words = encoding.word_ids
        count = max((word for word in words if word is not None), default=-1) + 1
        return cls(text, encoding, words, count, _end(encoding) == len(text))


@dataclass(slots=True)
class Stretches:
    """What became of the text that was encoded last.

    Args:
        engine: a tokenizer of the library `tokenizers`.
    """

    engine: Any
    _last: list[Stretch] = field(default_factory=list)
    _fits: bool | None = None

    def encode(self, text: str, add_special_tokens: bool) -> tuple[Encoding, list[int | None]] | None:
        """The encoding of a text and the numbers of its words; None where it must be tokenized as a whole."""
        if len(text) < 2 * LENGTH or self.engine.truncation is not None or self.engine.padding is not None:
            return None
        if self._fits is None:
            self._fits = cuts_at_blanks(self.engine)
        stretches = self._stretches(text) if self._fits else None
        if stretches is None:
            return None
        from tokenizers import Encoding

        self._last = stretches
        joined = Encoding.merge([stretch.encoding for stretch in stretches], growing_offsets=True)
        return self.engine.post_process(joined, None, add_special_tokens), _words(stretches)

    def _stretches(self, text: str) -> list[Stretch] | None:
        """The stretches of a text: at its beginning and end those of the last one, as far as they are the same."""
        begun, ended = self._same(text)
        kept = len(self._last) - ended
        start = sum(len(stretch.text) for stretch in self._last[:begun])
        stop = len(text) - sum(len(stretch.text) for stretch in self._last[kept:])
        middle = _parted(text[start:stop])
        encoded = self.engine.encode_batch(middle, add_special_tokens=False) if middle else []
        made = [Stretch.of(part, encoding) for part, encoding in zip(middle, encoded, strict=True)]
        found = [*self._last[:begun], *made, *self._last[kept:]]
        if not all(stretch.reaches for stretch in found[:-1]):
            return None  # where the next one begins could not be told from its tokens
        return found

    def _same(self, text: str) -> tuple[int, int]:
        """How many of the last stretches begin the text as they are, and how many end it."""
        last, at, begun = self._last, 0, 0
        while begun < len(last) and text.startswith(last[begun].text, at):
            end = at + len(last[begun].text)
            if CUT.match(text, end) is None:
                break
            at, begun = end, begun + 1
        stop, ended = len(text), 0
        while ended < len(last) - begun:
            stretch = last[len(last) - 1 - ended].text
            start = stop - len(stretch)
            if start < at or not text.startswith(stretch, start) or CUT.match(text, start) is None:
                break
            stop, ended = start, ended + 1
        return begun, ended


def cuts_at_blanks(engine: Any) -> bool:
    """Whether none of a tokenizer's parts looks beyond the blank between two words of plain letters."""
    from tokenizers import models, normalizers, pre_tokenizers

    by_character = (normalizers.BertNormalizer, normalizers.Lowercase, normalizers.NFC, normalizers.NFD)
    if engine.normalizer is not None and not isinstance(engine.normalizer, by_character):
        return False
    before = engine.pre_tokenizer
    by_word = isinstance(before, pre_tokenizers.BertPreTokenizer) or (
        isinstance(before, pre_tokenizers.ByteLevel) and before.use_regex
    )
    by_chance = isinstance(engine.model, models.BPE) and bool(engine.model.dropout)
    in_place = engine.post_processor is None or not _trims(engine.post_processor)
    return (
        by_word
        and in_place
        and not by_chance
        and not any(map(_takes_blanks, engine.get_added_tokens_decoder().values()))
    )


def _trims(after: Any) -> bool:
    """Whether a post-processor may take the blank off a token's characters: of a stretch it would do so twice."""
    from tokenizers import processors

    if isinstance(after, processors.ByteLevel):
        return bool(after.trim_offsets)
    return not isinstance(after, (processors.BertProcessing, processors.TemplateProcessing))


def _takes_blanks(token: Any) -> bool:
    return token.lstrip or token.rstrip or token.single_word or any(char.isspace() for char in token.content)


def _parted(text: str) -> list[str]:
    parts, start = [], 0
    while len(text) - start >= 2 * LENGTH:
        found = CUT.search(text, start + LENGTH)
        if found is None:
            break
        parts.append(text[start : found.start()])
        start = found.start()
    return [*parts, text[start:]] if start < len(text) else parts


def _end(encoding: Encoding) -> int:
    """The character after its last token."""
    offsets = encoding.offsets
    return offsets[-1][1] if offsets else 0


def _words(stretches: Sequence[Stretch]) -> list[int | None]:
    """The number of the word of each token; each stretch counts from 0."""
    words: list[int | None] = []
    base = 0
    for stretch in stretches:
        own = stretch.words
        words += own if not base else [None if word is None else word + base for word in own]
        base += stretch.count
    return words
