"""Which characters a token comes from, whatever a task does: its tokenizer remembers what it was asked.

A task returns ids alone. The tokenizer that it is given here is one whose engine keeps each text and what became of it;
the ids that the task then returns are found again in that.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.inspection.stretches import Stretches

if TYPE_CHECKING:
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerBase

Span = tuple[int, int, int]
"""(which text, its first character, the one after its last)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A text, or a pair, and its encoding. Of text in words, the words are joined by a blank.

    Attributes:
        words: the number of each token's word, special tokens left out; None where the encoding has it.
    """

    texts: list[str]
    word_starts: list[list[int]]
    encoding: Encoding
    words: list[int | None] | None = None

    def word_ids(self) -> list[int | None]:
        """Per token the number of its word in its text."""
        if self.words is None:
            return self.encoding.word_ids
        words = iter(self.words)
        return [None if text is None else next(words) for text in self.encoding.sequence_ids]


@dataclass(slots=True)
class Places:
    """Where each of a row of ids comes from.

    Attributes:
        texts: the texts that were tokenized.
        spans: per id; None where it stands for no character.
        words: per id the number of its word in its text.
    """

    texts: list[str]
    spans: list[Span | None]
    words: list[int | None]


@dataclass
class Recorder:
    """A tokenizer to give to a task.

    Attributes:
        tokenizer: a copy of one's own: engines are not made to be used by two threads.
    """

    tokenizer: PreTrainedTokenizerBase
    heard: list[Heard] = field(default_factory=list)

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> Recorder:
        recorder = cls(copy.deepcopy(tokenizer))
        if recorder.tokenizer.is_fast:
            engine = recorder.tokenizer._tokenizer
            recorder.tokenizer._tokenizer = _Engine(engine, recorder.heard)
        return recorder

    @contextmanager
    def listening(self) -> Iterator[list[Heard]]:
        """What was tokenized while this was open."""
        self.heard.clear()
        yield self.heard
        self.heard.clear()


class _Engine:
    """The Rust tokenizer, with an ear at the two calls that encode."""

    def __init__(self, engine: Any, heard: list[Heard]) -> None:
        object.__setattr__(self, "_engine", engine)
        object.__setattr__(self, "_heard", heard)
        object.__setattr__(self, "_stretches", Stretches(engine))

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_engine"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._engine, name, value)

    def encode_batch(self, inputs: Any, is_pretokenized: bool = False, **options: Any) -> list[Encoding]:
        if len(inputs) == 1 and isinstance(inputs[0], str) and not is_pretokenized:
            joined = self._stretches.encode(inputs[0], options.get("add_special_tokens", True))
            if joined is not None:
                self._heard.append(Heard([inputs[0]], [[]], *joined))
                return [joined[0]]
        found: list[Encoding] = self._engine.encode_batch(inputs, is_pretokenized=is_pretokenized, **options)
        for given, encoding in zip(inputs, found, strict=True):
            self._remember(given if isinstance(given, tuple) else (given,), encoding)
        return found

    def encode(self, sequence: Any, pair: Any = None, **options: Any) -> Encoding:
        found: Encoding = self._engine.encode(sequence, pair, **options)
        self._remember((sequence,) if pair is None else (sequence, pair), found)
        return found

    def _remember(self, given: Iterable[Any], encoding: Encoding) -> None:
        texts, starts = [], []
        for text in given:
            words = [text] if isinstance(text, str) else list(text)
            starts.append([] if isinstance(text, str) else _starts(words))
            texts.append(" ".join(words))
        self._heard += [Heard(texts, starts, part) for part in (encoding, *encoding.overflowing)]


def locate(ids: Sequence[int], heard: Sequence[Heard]) -> Places:
    """Find ids again in what was tokenized: from left to right, the longest stretch that agrees each time."""
    texts: list[str] = []
    spans: list[Span | None] = []
    words: list[int | None] = []
    numbers: dict[int, int] = {}
    sources = [(source, source.encoding.ids) for source in heard]
    while len(spans) < len(ids):
        source, length = _longest(ids, len(spans), sources)
        if source is None:
            spans.append(None)
            words.append(None)
            continue
        first = numbers.setdefault(id(source), len(texts))
        if first == len(texts):
            texts += source.texts
        found, numbered = _spans(source, first, length)
        spans += found
        words += numbered
    return Places(texts, spans, words)


def _longest(ids: Sequence[int], at: int, sources: Sequence[tuple[Heard, Sequence[int]]]) -> tuple[Heard | None, int]:
    best: Heard | None = None
    most = 0
    for source, other in sources:
        room = min(len(other), len(ids) - at)
        if room <= most or other[0] != ids[at]:
            continue
        length = room
        if other[:room] != ids[at : at + room]:
            length = next(index for index in range(room) if other[index] != ids[at + index])
        if length > most:
            best, most = source, length
    return best, most


def _spans(source: Heard, first: int, length: int) -> tuple[list[Span | None], list[int | None]]:
    """Characters and words of the first ids of a source, whose first text is number `first`."""
    of = source.encoding.sequence_ids[:length]
    words, offsets = source.word_ids()[:length], source.encoding.offsets[:length]
    if any(source.word_starts):
        bases = source.word_starts
        offsets = [
            (start + bases[text][word], end + bases[text][word])
            if text is not None and word is not None and start < end
            else (0, 0)
            for text, word, (start, end) in zip(of, words, offsets, strict=True)
        ]
    spans: list[Span | None] = [
        None if text is None or start >= end else (first + text, start, end)
        for text, (start, end) in zip(of, offsets, strict=True)
    ]
    if None in spans:
        words = [None if span is None else word for span, word in zip(spans, words, strict=True)]
    return spans, words


def _starts(words: Sequence[str]) -> list[int]:
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word) + 1
    return starts
