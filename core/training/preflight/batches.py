"""The batches that a trial runs: the longest there can be, and one as long as most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from datasets import Dataset

    from core.training.preflight.tokens import Seen
    from core.training.prepare import Checked

SEED = 0
"""Of a generator of its own: the run's random numbers are not touched."""


def longest(lengths: npt.NDArray[np.int32], size: int) -> list[int]:
    """The elements of the most expensive batch that chance can put together, the longest first."""
    size = min(size, len(lengths))
    top = np.argpartition(-lengths, size - 1)[:size] if size < len(lengths) else np.arange(size)
    return [int(index) for index in top[np.argsort(-lengths[top], kind="stable")]]


def typical(lengths: npt.NDArray[np.int32], size: int) -> list[int]:
    """A batch of a shuffled epoch whose longest element is as long as that of the batches on average."""
    size = min(size, len(lengths))
    order = np.random.default_rng(SEED).permutation(len(lengths))
    batches = order[: len(order) // size * size].reshape(-1, size)
    tops = lengths[batches].max(axis=1)
    return [int(index) for index in batches[np.argmin(np.abs(tops - tops.mean()))]]


def elements(checked: Checked, rows: Dataset, seen: Seen, wanted: list[int]) -> list[dict[str, Any]]:
    """Encoded elements as the Trainer gets them, by their number in the split."""
    task, tokenizer, limit = checked.task, checked.tokenizer, checked.config.data.max_length
    names = sorted(set(task.columns.values()) & set(rows.column_names))
    view = rows.select_columns(names)
    found = []
    for number in wanted:
        row = number if seen.rows is None else int(seen.rows[number])
        if task.packs:
            found.append(_block(checked, view, row, int(seen.lengths[number])))
            continue
        encoded = task.encode(view[row : row + 1], tokenizer, limit)
        nth = 0 if seen.rows is None else number - int(np.searchsorted(seen.rows, row))
        found.append({name: values[nth] for name, values in encoded.items() if name not in task.kept_back})
    return found


def _block(checked: Checked, view: Dataset, row: int, length: int) -> dict[str, Any]:
    """A packed block of so many tokens, of the rows about this one: which tokens they are costs nothing."""
    count = 1
    while True:
        begin = max(0, min(row, len(view) - count))
        encoded = checked.task.encode(view[begin : begin + count], checked.tokenizer, checked.config.data.max_length)
        if len(encoded["input_ids"][0]) >= length or count >= len(view):
            kept = checked.task.kept_back
            return {name: values[0][:length] for name, values in encoded.items() if name not in kept}
        count *= 2
