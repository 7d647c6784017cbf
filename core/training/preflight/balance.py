"""Classes that are so uneven that accuracy would mislead, or that are no classes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from core.training.preflight import written_numbers
from core.training.preflight.findings import Finding, rows_of

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

    from core.config import RunConfig
    from core.tasks.base import Task

IMBALANCE = 4.0
"""The most frequent class is called dominant where it has this many times the rows of the rarest."""
MANY = 10
"""Examples of a class, on average, from which on one with a single example stands out."""
MANY_CLASSES = 20
"""More classes than this, with fewer than two rows each, are no classes."""


def look(task: Task, split: str, rows: Dataset, config: RunConfig | None = None) -> list[Finding]:
    """What the labels of the split to train on look like; nothing where a row has no class.

    Args:
        config: of the run: what it has set already, or could not set, is not advised.
    """
    from datasets import ClassLabel, Value

    column = task.columns.get("label")
    if task.label_names and column is not None and hasattr(rows.features[column], "feature"):
        return _sets(task, split, rows.with_format("arrow")[:][column])
    if not task.label_names or column is None or not isinstance(rows.features[column], (ClassLabel, Value)):
        return []
    import pyarrow.compute as pc

    counted = pc.value_counts(rows.with_format("arrow")[column])
    counts = sorted(counted.field("counts").to_pylist())
    if len(counts) > MANY_CLASSES and 2 * len(counts) > len(rows):
        if meant := written_numbers.look(column, split, rows.with_format("arrow")[:][column]):
            return [meant]
        message = f"column `{column}` has {len(counts):,} different labels in {len(rows):,} rows"
        hint = "that is no class for a model to learn: name the label column under data.columns.label"
        return [Finding("labels_are_texts", "error", split, len(counts), message, hint)]
    if counts[-1] < IMBALANCE * counts[0]:
        return []
    share = counts[-1] / len(rows)
    message = f"the classes are uneven: the largest has {_of(counts[-1], len(rows))}, the smallest {counts[0]:,}"
    message += f" ({_share(counts[0], len(rows))})"
    hint = f"accuracy is {share:.2f} for a model that learned nothing: watch F1"
    hint += _weigh(config)
    return [Finding("class_imbalance", "warning", split, counts[-1], message, hint)]


def _weigh(config: RunConfig | None) -> str:
    """What can still be done against uneven classes; class weights go with no other change of the loss."""
    if config is None or (config.loss is None and config.class_weights is None):
        smoothed = config is not None and config.training.label_smoothing_factor
        return ", or set class_weights: balanced" + (" in the place of label smoothing" if smoothed else "")
    if config.loss is not None:
        return ", or weigh the classes in your own loss"
    return "; class_weights weigh the classes already"


def once(task: Task, split: str, rows: Dataset) -> list[Finding]:
    """Classes that one row, or one word, has, where the others have many: most often a name that was mistyped."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = task.columns.get(task.class_role) if task.class_role else None
    if not task.label_names or column is None:
        return []
    values = rows.with_format("arrow")[:][column]
    while pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = pc.list_flatten(values)
    counted = pc.value_counts(values)
    pairs = zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)
    counts = {_name(task, value): count for value, count in pairs}
    single = [name for name, count in counts.items() if count == 1 and name in task.label_names]
    if not single or sum(counts.values()) < MANY * len(counts):
        return []
    message = f"{'a class stands' if len(single) == 1 else f'{len(single)} classes stand'} only once: "
    message += ", ".join(single[:10]) + (", ..." if len(single) > 10 else "")
    return [
        Finding("class_once", "warning", split, len(single), message, "mistyped? nothing is learned of one example")
    ]


def _name(task: Task, value: Any) -> str:
    return task.label_names[value] if isinstance(value, int) and 0 <= value < len(task.label_names) else str(value)


def _sets(task: Task, split: str, values: pa.ChunkedArray) -> list[Finding]:
    """Of sets of labels: those that no row has, and one set that most rows have."""
    from core.tasks.sequence_classification import SequenceClassification

    if not isinstance(task, SequenceClassification):
        return []
    sets = Counter(tuple(task.labels.encode(value.as_py())) for value in values)
    counts = [sum(count for held, count in sets.items() if held[index]) for index in range(len(task.label_names))]
    found = []
    unused = [name for name, count in zip(task.label_names, counts, strict=True) if not count]
    if unused:
        message = f"no row has the label{'s' if len(unused) > 1 else ''} {', '.join(unused[:10])}"
        hint = "nothing of it can be learned: leave it out of data.labels, or add rows"
        found.append(Finding("label_unused", "warning", split, len(unused), message, hint))
    used = sorted((count, name) for count, name in zip(counts, task.label_names, strict=True) if count)
    most, rows = max(sets.values()), len(values)
    if used[-1][0] >= IMBALANCE * used[0][0] or most * 2 > rows:
        (fewest, rarest), (largest, commonest) = used[0], used[-1]
        message = f"the labels are uneven: {commonest} is in {_of(largest, rows)}, {rarest} in {fewest:,}"
        message += f" ({_share(fewest, rows)})"
        hint = f"the set that most rows have makes {most / rows:.2f} of accuracy: watch f1_macro"
        found.append(Finding("class_imbalance", "warning", split, largest, message, hint))
    return found


def _of(count: int, total: int) -> str:
    """171 of 190 rows (90%)."""
    return f"{rows_of(count, total)} ({_share(count, total)})"


def _share(count: int, total: int) -> str:
    """In whole percent; below 1 with two digits, so that a rare class is not said to be none."""
    share = count / total
    return f"{share:.0%}" if share >= 0.01 else f"{100 * share:.2g}%"
