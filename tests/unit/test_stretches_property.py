"""Whatever text, tokenizer and edit: stretches give the encoding of the whole, or leave it to the tokenizer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

from core import tokens
from core.inspection.stretches import LENGTH, Stretches

PIECES = [
    *("the", "of", "a1", "3.5", "don't", "can't", "I", "word", "İstanbul", "ΟΔΟΣ", "Straße", "naïve", "日本語の", "你"),
    *("🙂", "👨\u200d👩\u200d👧", "ﬁ", "\uff11\uff12", "[MASK]", "[SEP]", "<s>", "</s>"),
    *("<|im_start|>", "<|im_end|>", "<|endoftext|>", "e\u0301", "\u0301", "\u200b", "\u200d", "\ufeff", "\x00", "\x1b"),
    *(" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\x85", " \n ", "x" * 120, ".", "...", "-", "'s"),
]
"""What has ever divided two tokenizers: contractions, letters that grow, blanks of all kinds, tokens of their own."""
WHOLE = ("bytes-trimmed", "bytes-roberta", "metaspace")
"""Those that must not be put together from stretches."""
TOKENIZERS = (
    "bert",
    "bert-added",
    "bert-cased",
    "bytes",
    "bytes-added",
    "bytes-prefixed",
    "bytes-lower",
    "bytes-trimmed",
    "bytes-roberta",
    "metaspace",
)

fragment = st.lists(
    st.tuples(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), st.sampled_from([" ", " ", " ", "", "\n"])),
    max_size=20,
).map(lambda found: "".join(piece + blank for piece, blank in found))
edit = st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 1, 7, LENGTH, 3 * LENGTH]), fragment)


@cache
def engine(folder: Path, name: str) -> Any:
    model = {"bert": "bert-tiny-uncased", "bytes": "minimind2-small", "metaspace": "stories260K"}[name.split("-")[0]]
    tokenizer = tokens.load_tokenizer(str(folder / model))
    if name.endswith("-added"):
        tokenizer.add_tokens([AddedToken(text, normalized=True) for text in ("ca", "日本", "é", "e\u0301", "word")])
    found = tokenizer._tokenizer
    if name == "bert-cased":
        found.normalizer = normalizers.BertNormalizer(False, False, False, False)
    elif name == "bytes-prefixed":
        found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        found.post_processor = processors.ByteLevel(trim_offsets=False)
    elif name == "bytes-trimmed":
        found.post_processor = processors.ByteLevel(trim_offsets=True)
    elif name == "bytes-roberta":
        found.post_processor = processors.RobertaProcessing(("<|im_end|>", 2), ("<|im_start|>", 1))
    elif name == "bytes-lower":
        found.normalizer = normalizers.Lowercase()
    return found


def assert_same(stretches: Stretches, whole: Any, text: str, special: bool) -> bool:
    made = stretches.encode(text, special)
    if made is None:
        return False
    encoding, numbers = made
    expected = whole.encode(text, add_special_tokens=special)
    for name in ("ids", "tokens", "offsets", "type_ids", "attention_mask", "special_tokens_mask", "sequence_ids"):
        assert getattr(encoding, name) == getattr(expected, name), name
    own = zip(expected.word_ids, expected.sequence_ids, strict=True)
    assert numbers == [word for word, text in own if text is not None]
    return True


@pytest.mark.parametrize("name", TOKENIZERS)
@given(parts=st.lists(fragment, min_size=1, max_size=4), edits=st.lists(edit, max_size=6), special=st.booleans())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_stretches_are_the_whole(
    shared: Path, name: str, parts: list[str], edits: list[tuple[float, int, str]], special: bool
) -> None:
    whole = engine(shared / "models", name)
    stretches = Stretches(whole)
    text = " and of it ".join(parts)
    text = " and then ".join([text] * (1 + 3 * LENGTH // max(1, len(text))))
    done = [assert_same(stretches, whole, text, special)]
    for place, cut, typed in edits:
        at = int(place * len(text))
        text = text[:at] + typed + text[at + cut :]
        done.append(assert_same(stretches, whole, text, special))
    assert done[0] is (name not in WHOLE)


def test_a_last_letter_that_no_token_stands_for() -> None:
    """Nothing of the last stretch tells where it ends: once another follows, the text goes as a whole."""
    letters = pre_tokenizers.ByteLevel.alphabet()
    known = Tokenizer(models.BPE({letter: index for index, letter in enumerate(sorted({*letters} - {"z"}))}, []))
    known.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    stretches = Stretches(known)
    text = "word " * (LENGTH // 2) + "jazz"
    assert assert_same(stretches, known, text, False)
    for more in (" and", " and more " + "word " * LENGTH):
        text += more
        assert_same(stretches, known, text, False)
