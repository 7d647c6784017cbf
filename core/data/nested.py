"""Texts within one column: the Hub keeps a translation as `translation: {en: ..., de: ...}`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

COLUMN = "translation"
"""The column that is opened whatever the config says; any other only where `data.columns` names a part of it."""


def opened(dataset: DatasetDict, named: Mapping[str, str]) -> DatasetDict:
    """The splits with such columns in their parts: `translation.en`, `translation.de`. Nothing is copied.

    Args:
        named: role -> column, as the config has it.
    """
    for split, rows in dataset.items():
        dataset[split] = _open(rows, {COLUMN, *(name.partition(".")[0] for name in named.values() if "." in name)})
    return dataset


def parts(available: Sequence[str]) -> list[str]:
    """The parts of the column `translation`, in the order of the data."""
    return [name for name in available if name.startswith(f"{COLUMN}.")]


def whole_names(given: Mapping[str, str], available: Sequence[str]) -> dict[str, str]:
    """Role -> column, where the config may say `de` for `translation.de`."""
    return {
        role: f"{COLUMN}.{name}" if name not in available and f"{COLUMN}.{name}" in available else name
        for role, name in given.items()
    }


def _open(rows: Dataset, names: Collection[str]) -> Dataset:
    from datasets import concatenate_datasets

    for name in names:
        if isinstance(rows.features.get(name), dict):
            within = rows.select_columns([name]).flatten()
            rows = concatenate_datasets([rows.remove_columns([name]), within], axis=1)
    return rows
