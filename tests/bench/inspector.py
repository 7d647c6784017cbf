"""How long a key in a text of 4,000 tokens takes to its tokens, as the inspector draws them."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from core import tokens
from core.inspection.lens import Lens
from tests.bench.measure import Measurement
from tests.conftest import SHARED
from tui import token_layout

GOAL_MS = 16.0
TOKENS = 4000
KEYS = 60
MODELS = ("bert-tiny-uncased", "minimind2-small", "stories260K")
WORDS = "The witness said that 日本 had called it 'deliberately distorted' evidence, 3.5 percent of all. "


def inspector() -> list[Measurement]:
    """Text typed at the end of 4,000 tokens: tokenized, found again in the text, laid out in lines."""
    if not SHARED.is_dir():
        return []
    found = []
    for model in MODELS:
        tokenizer = tokens.load_tokenizer(str(SHARED / "models" / model))
        lens = Lens(model, tokenizer, None, None)
        text = _of_tokens(lambda text, lens=lens: len(lens.text(text).ids))  # type: ignore[misc]
        waits = []
        for key in range(KEYS):
            text += "abcdefghij "[key % 11]
            begun = time.perf_counter()
            view = lens.text(text)
            token_layout.Layout.of(view, "ids").lines(116)
            waits.append(1000 * (time.perf_counter() - begun))
        name = f"{len(view.ids):,} tokens of {model} at a key, p50"
        found.append(Measurement(name, median(waits), "ms", f"at most {GOAL_MS:.0f}", median(waits) <= GOAL_MS))
    return found


def _of_tokens(count: Callable[[str], int]) -> str:
    """A text of at least TOKENS tokens."""
    text = WORDS
    while count(text) < TOKENS:
        text += WORDS
    return text
