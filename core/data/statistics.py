"""What a split holds: how often each label comes, how long its rows are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.data import leaves
from core.data.browse import class_names
from core.data.cells import NULL
from core.data.chunks import Watch, chunks
from core.tasks.lengths import element_lengths

if TYPE_CHECKING:
    from datasets import Dataset, Features
    from transformers import PreTrainedTokenizerBase

    from core.tasks.base import Task

MOST_CLASSES = 1000
"""A column of texts or whole numbers with more different values holds no labels."""
LABEL_NAMES = ("label", "labels", "target", "class", "tags", "ner_tags", "category")
_NUMBERS_ROWS = re.compile(r"(^|_)(id|idx|guid|uuid)$", re.IGNORECASE)
Lengths = npt.NDArray[np.int64]
_LOOK = 1000
"""Rows measured between two looks at who watches."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How long rows are.

    Attributes:
        unit: tokens or characters.
        of: (first row, row after the last) -> the length of each; None where there is no text.
        limit: the length from which on training cuts, where that is known.
        note: what is measured, for people.
    """

    unit: str
    of: Callable[[int, int], list[int]] | None
    limit: int | None = None
    note: str = ""


def label_column(features: Features) -> str | None:
    """The column that holds the labels, or tags: the first ClassLabel, else the first that is called so."""
    named = [str(name) for name, feature in features.items() if class_names(feature)]
    if named:
        return named[0]
    by_lower = {name.lower(): name for name in reversed(list(features))}
    return next((by_lower[name] for name in LABEL_NAMES if name in by_lower), None)


def text_columns(rows: Dataset) -> list[str]:
    """The columns with text, in lists and structs too, without that of the labels and those that number rows."""
    label = label_column(rows.features)
    named = [field.name for field in rows.data.schema if leaves.has_text(field.type) and field.name != label]
    return [name for name in named if not _NUMBERS_ROWS.search(name)] or named


def count_labels(rows: Dataset, column: str, watch: Watch | None = None) -> dict[str, int] | None:
    """Label -> rows, or of a column of lists tag -> tags, the most frequent first; None where the values are no labels.

    Classes of a ClassLabel that never come count 0. A missing label stands under its own name.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    counts: dict[Any, int] = {}
    for _, table in chunks(rows, [column], watch):
        values = table[column].combine_chunks()
        while leaves.is_list(values.type):
            values = pc.list_flatten(values)
        values = leaves.plain(values)
        if pa.types.is_nested(values.type) or pa.types.is_floating(values.type):
            return None
        for item in pc.value_counts(values).to_pylist():
            counts[item["values"]] = counts.get(item["values"], 0) + item["counts"]
        if len(counts) > MOST_CLASSES:
            return None
    return _named(counts, rows.features[column])


def _named(counts: Mapping[Any, int], feature: Any) -> dict[str, int]:
    names = class_names(feature)
    named: dict[str, int] = dict.fromkeys(names, 0)
    for value, count in counts.items():
        known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names)
        label = NULL if value is None else names[value] if known else str(value)
        named[label] = named.get(label, 0) + count
    return dict(sorted(named.items(), key=lambda item: -item[1]))


def in_characters(rows: Dataset) -> Measure:
    """The characters of all texts of a row: as long as no tokenizer is chosen."""
    columns = text_columns(rows)
    arrow = rows.select_columns(columns).with_format("arrow")

    def of(start: int, stop: int) -> list[int]:
        import pyarrow.compute as pc

        total = np.zeros(stop - start, dtype=np.int64)
        for column in arrow[start:stop].columns:
            for texts, parents in leaves.texts(column.combine_chunks()):
                count = pc.utf8_length(texts).fill_null(0).to_numpy(zero_copy_only=False)
                np.add.at(total, np.arange(len(total)) if parents is None else parents, count)
        return total.tolist()

    return Measure("characters", of if columns else None, None, f"of {', '.join(columns)}")


def in_tokens(rows: Dataset, tokenizer: PreTrainedTokenizerBase, limit: int | None, why_no_task: str) -> Measure:
    """The tokens of all texts of a row, special ones included."""
    columns = text_columns(rows)
    python = rows.select_columns(columns)

    def of(start: int, stop: int) -> list[int]:
        total = np.zeros(stop - start, dtype=np.int64)
        for values in python[start:stop].values():
            found = [(row, text) for row, value in enumerate(values) for text in _texts(value)]
            if found:
                owners, texts = zip(*found, strict=True)
                np.add.at(total, list(owners), [len(ids) for ids in tokenizer(list(texts))["input_ids"]])
        return total.tolist()

    return Measure("tokens", of if columns else None, limit, f"of {', '.join(columns)} alone: {why_no_task}")


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value, however deep; what is missing is an empty one."""
    if value is None or isinstance(value, str):
        yield value or ""
    elif isinstance(value, Mapping):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))


def of_task(rows: Dataset, tokenizer: PreTrainedTokenizerBase, task: Task, limit: int | None) -> Measure:
    """The tokens of a row as the task gives them to the model, before they are cut."""
    roles = {role: column for role, column in task.columns.items() if column in rows.column_names}
    # A row that has no label still has a length.
    per_row = {
        role for role in roles if role == "label" and not leaves.is_list(rows.data.schema.field(roles[role]).type)
    }
    python = rows.select_columns(list(dict.fromkeys(column for role, column in roles.items() if role not in per_row)))

    def of(start: int, stop: int) -> list[int]:
        encoded = task.encode(python[start:stop], tokenizer, None)
        found = [0] * (stop - start)  # a row that the task skips has none
        for row, length in zip(encoded.get("row", range(stop - start)), element_lengths(encoded), strict=True):
            found[row] = max(found[row], length)
        return found

    said = ", ".join(f"{role} = {column}" for role, column in task.columns.items())
    return Measure("tokens", of, limit, f"as the model gets it: {said}")


def lengths(rows: Dataset, measure: Measure, found: Callable[[Lengths], None], watch: Watch | None = None) -> None:
    """Measure row after row; `found` gets the lengths of all rows so far, again and again."""
    if measure.of is None:
        return
    so_far = np.empty(len(rows), dtype=np.int64)
    for start in range(0, len(rows), _LOOK):
        stop = min(len(rows), start + _LOOK)
        so_far[start:stop] = measure.of(start, stop)
        found(so_far[:stop])
        if watch is not None:
            watch(stop, len(rows))
