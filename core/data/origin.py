"""Which row of its source a row of a split is, where the split is a part of what was opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset


def source_rows(rows: Dataset, numbers: Sequence[int]) -> list[int] | None:
    """The numbers, from 0, that rows of a split have in the source; None where the split does not know: it is the
    source itself, or its rows were written anew since.

    Args:
        rows: the split, drawn from its source by `Dataset.select`.
        numbers: of the rows in the split.
    """
    drawn = rows._indices  # the library has no public name for it
    if drawn is None:
        return None
    return [int(value) for value in drawn.fast_slice(0, len(rows)).column(0).take(list(numbers)).to_pylist()]


def in_source(rows: Dataset, number: int) -> str:
    """` (row 3 of the source)`; nothing where the split does not know."""
    found = source_rows(rows, [number])
    return f" (row {found[0]} of the source)" if found else ""
