"""Classes that are so uneven that accuracy would mislead, or that are no classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.training.preflight.findings import Finding

if TYPE_CHECKING:
    from datasets import Dataset

    from core.tasks.base import Task

IMBALANCE = 4.0
"""The most frequent class is called dominant where it has this many times the rows of the rarest."""
MANY_CLASSES = 20
"""More classes than this, with fewer than two rows each, are no classes."""


def look(task: Task, split: str, rows: Dataset) -> list[Finding]:
    """What the labels of the split to train on look like; nothing where a row has no class."""
    from datasets import ClassLabel, Value

    column = task.columns.get("label")
    if not task.label_names or column is None or not isinstance(rows.features[column], (ClassLabel, Value)):
        return []
    import pyarrow.compute as pc

    counted = pc.value_counts(rows.with_format("arrow")[column])
    counts = sorted(counted.field("counts").to_pylist())
    if len(counts) > MANY_CLASSES and 2 * len(counts) > len(rows):
        message = f"column `{column}` has {len(counts):,} different labels in {len(rows):,} rows"
        hint = "that is no class for a model to learn: name the label column under data.columns.label"
        return [Finding("labels_are_texts", "error", split, len(counts), message, hint)]
    if counts[-1] < IMBALANCE * counts[0]:
        return []
    share = counts[-1] / len(rows)
    message = f"the classes are uneven: the largest has {share:.0%} of the rows, the smallest {counts[0]:,}"
    hint = f"accuracy is {share:.2f} for a model that learned nothing: watch F1, or set class_weights: balanced"
    return [Finding("class_imbalance", "warning", split, counts[-1], message, hint)]
