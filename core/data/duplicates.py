"""Rows with the same text: within a split, and in the split to evaluate on and the one to train on."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.data.chunks import Watch, chunks

if TYPE_CHECKING:
    from datasets import Dataset

_BYTES = 16
"""Of a digest: among a million rows two different texts share one with a chance of 1 in 10^26."""


def duplicates(rows: Dataset, columns: Sequence[str], watch: Watch | None = None) -> list[int]:
    """The rows whose texts all equal those of an earlier row, after `strip()`; a missing text is an empty one.

    Args:
        columns: the columns that hold the texts; none: no row equals another.
        watch: told how many rows are read.
    """
    digests = _digests(rows, columns, watch)
    later = np.ones(len(digests), dtype=bool)
    later[np.unique(digests, return_index=True)[1]] = False
    return [int(row) for row in np.flatnonzero(later)]


def overlap(train: Dataset, evaluation: Dataset, columns: Sequence[str], watch: Watch | None = None) -> list[int]:
    """The rows of the split to evaluate on whose texts stand in a row of the split to train on, as in `duplicates`."""
    found = np.isin(_digests(evaluation, columns, watch), _digests(train, columns, watch))
    return [int(row) for row in np.flatnonzero(found)]


def _digests(rows: Dataset, columns: Sequence[str], watch: Watch | None) -> npt.NDArray[np.bytes_]:
    """A digest of each row's texts: a million rows cost 16 MB."""
    pieces: list[bytes] = []
    for _, table in chunks(rows, columns, watch) if columns else ():
        texts = [map(_text, table[name].to_pylist()) for name in columns]
        pieces.append(b"".join(map(_digest, zip(*texts, strict=True))))
    return np.frombuffer(b"".join(pieces), dtype=f"S{_BYTES}")


def _digest(texts: tuple[str, ...]) -> bytes:
    # The lengths tell ("a", "bc") from ("ab", "c").
    return blake2b("".join(f"{len(text)}:{text}" for text in texts).encode(), digest_size=_BYTES).digest()


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else repr(value)
