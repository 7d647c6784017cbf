"""A label column of texts that are numbers but for a few: meant for regression, and read as classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.training.preflight.findings import Finding, rows_of

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 30
"""Characters of the example."""


def look(column: str, split: str, labels: pa.ChunkedArray) -> Finding | None:
    """What keeps the column from being numbers; None where fewer than half of its rows are such."""
    import pyarrow as pa

    if not (pa.types.is_string(labels.type) or pa.types.is_large_string(labels.type)):
        return None
    values = labels.to_pylist()
    others = [row for row, value in enumerate(values) if not _is_number(value)]
    if 2 * len(others) > len(values):
        return None
    row = others[0] if others else 0
    example = f"row {row}: {values[row][:SHOWN]!r}"
    if others:
        message = f"column `{column}` holds numbers, but for {rows_of(len(others), len(values))}, as {example}"
        hint = "to learn a number (regression) mend or drop these rows; for classes name another column"
    else:
        message = f"column `{column}` holds numbers that are written as texts, as {example}"
        hint = "to learn a number (regression) write them without quotes; for classes name another column"
    rows = others or list(range(len(values)))
    return Finding("labels_are_texts", "error", split, len(rows), message, f"{hint} under data.columns.label", rows)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
