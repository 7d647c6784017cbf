"""Labels that stand in columns of their own, one 0 or 1 each, as one column of sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

    from core.config import DataConfig

COLUMN = "label_set"
"""The name of the column that they become."""
NUMBERS = ("int", "uint", "float", "double", "bool")


def gather(data: DataConfig, splits: DatasetDict) -> DatasetDict:
    """The splits with the further column COLUMN, a figure per label, where `data.labels` names columns of numbers.

    Where `data.columns.label` names a column of the data, that one is meant, and nothing is done.
    """
    names = data.labels if isinstance(data.labels, list) else []
    if len(names) < 2 or data.columns.get("label") not in (None, COLUMN):
        return splits
    if any(COLUMN in rows.column_names or not _all_numbers(names, rows) for rows in splits.values()):
        return splits
    return type(splits)({split: _with_sets(rows, names) for split, rows in splits.items()})


def _all_numbers(names: list[str], rows: Dataset) -> bool:
    kinds = [str(getattr(rows.features.get(name), "dtype", "")) for name in names]
    return all(kind.startswith(NUMBERS) for kind in kinds)


def _with_sets(rows: Dataset, names: list[str]) -> Dataset:
    import numpy as np
    from datasets import List, Value

    # A missing figure becomes NaN, which the task then refuses with its row.
    columns = [np.asarray(rows.with_format("arrow")[:][name].cast("float32").to_numpy()) for name in names]
    return rows.add_column(COLUMN, np.stack(columns, axis=1).tolist(), feature=List(Value("float32")))
