"""A long text that is tokenized in stretches gets the tokens that it gets in one piece, whatever is typed into it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from core import tokens
from core.inspection.lens import Lens
from core.inspection.stretches import LENGTH, Stretches, cuts_at_blanks

WORDS = [
    "the",
    "3.5",
    "Straße",
    "日本語の",
    "naïve",
    "e\u0301te\u0301",
    "🙂🙂",
    "\u200b",
    "[MASK]",
    "can't",
    "  ",
    "\n\n",
    "\t",
    "x" * 120,
]
IN_STRETCHES = ("bert-tiny-uncased", "minimind2-small")


def a_text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice([*WORDS, "of", "words", "and", "more"]) for _ in range(words))


@pytest.fixture(params=IN_STRETCHES)
def tokenizer(request: pytest.FixtureRequest, shared: Path) -> Any:
    return tokens.load_tokenizer(str(shared / "models" / request.param))


def assert_same(stretches: Stretches, engine: Any, text: str) -> None:
    found = stretches.encode(text, True)
    assert found is not None
    whole = engine.encode(text)
    encoding, words = found
    assert encoding.ids == whole.ids
    assert encoding.offsets == whole.offsets
    assert encoding.type_ids == whole.type_ids
    assert encoding.sequence_ids == whole.sequence_ids
    assert words == [word for word in whole.word_ids if word is not None]


def test_whatever_is_typed_the_tokens_are_those_of_the_whole_text(tokenizer: Any) -> None:
    engine, chance = tokenizer._tokenizer, random.Random(3)
    stretches = Stretches(engine)
    text = a_text(chance, 800)
    for _ in range(30):
        start = chance.choice([0, len(text), chance.randrange(len(text))])
        stop = start + chance.choice([0, 0, 1, 5, 3 * LENGTH])
        text = (
            text[:start]
            + chance.choice(["a", " ", "\u0301", "[MA", "SK]", "日", "\n", "", a_text(chance, 30)])
            + text[stop:]
        )
        if len(text) > 2 * LENGTH:
            assert_same(stretches, engine, text)
        else:
            text = a_text(chance, 800)


def test_one_key_changes_one_stretch(tokenizer: Any) -> None:
    stretches = Stretches(tokenizer._tokenizer)
    text = a_text(random.Random(5), 2000)
    stretches.encode(text, True)
    before = list(stretches._last)
    stretches.encode(text[: len(text) // 2] + "z" + text[len(text) // 2 :], True)
    same = sum(any(stretch is old for old in before) for stretch in stretches._last)
    assert len(before) - same <= 2
    assert len(before) > 5


def test_a_tokenizer_that_looks_over_blanks_gets_the_whole_text(shared: Path) -> None:
    whole = tokens.load_tokenizer(str(shared / "models/stories260K"))
    assert not cuts_at_blanks(whole._tokenizer)
    assert Stretches(whole._tokenizer).encode("word " * LENGTH, True) is None


def test_an_added_token_that_takes_the_blank_forbids_stretches(shared: Path) -> None:
    from tokenizers import AddedToken

    tokenizer = tokens.load_tokenizer(str(shared / "models/bert-tiny-uncased"))
    assert cuts_at_blanks(tokenizer._tokenizer)
    tokenizer.add_tokens([AddedToken("[GAP]", lstrip=True)])
    assert not cuts_at_blanks(tokenizer._tokenizer)


def test_the_view_of_a_long_text(tokenizer: Any) -> None:
    text = a_text(random.Random(7), 900)
    view = Lens("any", tokenizer, None, None).text(text)
    expected = tokenizer(text, return_offsets_mapping=True)
    assert view.ids == expected["input_ids"]
    assert [span[1:] for span in view.spans if span] == [
        span for span in expected["offset_mapping"] if span[0] < span[1]
    ]
    assert view.words == [
        None if span is None else word for word, span in zip(expected.word_ids(), view.spans, strict=True)
    ]
