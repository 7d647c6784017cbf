"""How many tokens encoded rows have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def element_lengths(encoded: Mapping[str, Sequence[Any]]) -> list[int]:
    """Tokens of each element; of one with several sequences (anchor and positive, chosen and rejected) the most."""
    names = next(
        filter(None, ([name for name in encoded if name.endswith(end)] for end in ("_input_ids", "input_ids", "_ids")))
    )
    sequences = [encoded[name] for name in names]
    return [max(map(len, element)) for element in zip(*sequences, strict=True)]
