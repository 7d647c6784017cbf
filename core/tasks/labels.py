"""Labels of a classification dataset: their names, their ids, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import BadRows, FinetuiError

if TYPE_CHECKING:
    from datasets import Dataset


class Labels:
    """The label column of a dataset as class ids, or as floats for regression.

    Attributes:
        names: the classes in the order of their ids; empty for regression.
        ids: raw value -> id.
        several: a row has a set of them.
    """

    several = False

    def __init__(self, names: list[str], ids: dict[Any, int]) -> None:
        self.names = names
        self.ids = ids

    @property
    def regression(self) -> bool:
        return not self.names

    def encode(self, value: Any) -> Any:
        """The class id of a raw value; the value itself as a float for regression; of a set a figure per label."""
        return float(value) if self.regression else self.ids[value]


def read(column: str, given: list[str] | int | None, splits: dict[str, Dataset]) -> Labels:
    """The labels of a column. The first split is the one trained on.

    ClassLabel features keep their names; strings are sorted; integers from 0 are ids already, unless more than half of
    them are missing (0 and 100 are two classes); others are sorted; floats mean regression; lists are sets.

    Args:
        given: names, or how many there are; None reads them from the data.

    Raises:
        BadRows: a label is missing, -1 or outside `given`.
        FinetuiError: the column holds no labels, or only one class.
    """
    from datasets import ClassLabel, Value

    feature = next(iter(splits.values())).features[column]
    if hasattr(feature, "feature"):  # a list
        from core.tasks import label_sets

        return label_sets.read(column, given, splits)
    for split, rows in splits.items():
        _refuse_missing(column, split, rows)
    if isinstance(feature, Value) and feature.dtype.startswith(("float", "double", "decimal")) and given is None:
        return Labels([], {})
    if isinstance(feature, ClassLabel):
        names, ids = list(feature.names), {index: index for index in range(feature.num_classes)}
    elif isinstance(feature, Value):
        names, ids = assign({value for rows in splits.values() for value in rows.unique(column)}, given)
    else:
        raise FinetuiError(
            f"column `{column}` cannot be a label",
            f"it holds {feature}",
            "choose a column of strings, integers, floats, or lists of labels",
            key="data.columns.label",
        )
    for split, rows in splits.items():
        _refuse_outside(column, split, rows, ids, names)
    train_split, train = next(iter(splits.items()))
    seen = train.unique(column)
    if len(seen) < 2:
        only = names[ids[seen[0]]]
        raise FinetuiError(
            f"every row has the same label: {only}",
            f"column `{column}` of split `{train_split}`, {len(train)} rows",
            "a classifier needs at least two classes; check `data.columns.label` and `data.limit`",
        )
    return Labels(names, ids)


def assign(values: set[Any], given: list[str] | int | None) -> tuple[list[str], dict[Any, int]]:
    """Names and ids for raw values that carry no names of their own."""
    if all(isinstance(value, str) for value in values):
        if isinstance(given, int) and given != len(values):
            raise FinetuiError(
                f"there are {len(values)} labels, not {given}",
                f"data.labels: {given}; the data has {', '.join(sorted(values)[:10])}",
                "name them all: data.labels: [FIRST, SECOND, ...]; or leave it out",
                key="data.labels",
            )
        names = given if isinstance(given, list) else sorted(values)
        return names, {name: index for index, name in enumerate(names)}
    numbers = sorted(values)
    if isinstance(given, int):
        return [str(index) for index in range(given)], {index: index for index in range(given)}
    if isinstance(given, list):
        return given, {index: index for index in range(len(given))}
    if all(isinstance(value, bool) for value in numbers):
        return ["false", "true"], {False: 0, True: 1}
    if numbers[0] <= 0:
        numbers = [value for value in numbers if value >= 0]  # what is below 0 is refused later, with its rows
        count = int(numbers[-1]) + 1 if numbers else 0
        if 2 * len(numbers) >= count:  # ids, of which the rows at hand may lack a few; else they are codes
            numbers = list(range(count))
    return [str(value) for value in numbers], {value: index for index, value in enumerate(numbers)}


def _refuse_missing(column: str, split: str, rows: Dataset) -> None:
    import pyarrow.compute as pc

    values = rows.with_format("arrow")[column]
    missing = pc.indices_nonzero(pc.is_null(values, nan_is_null=True)).to_pylist()
    if missing:
        raise BadRows(
            "missing_label",
            split,
            missing,
            f"{len(missing)} of {len(rows)} rows have no label",
            f"column `{column}` of split `{split}`, rows {some(missing)}",
            "fill them in, or drop these rows",
        )


def _refuse_outside(column: str, split: str, rows: Dataset, ids: dict[Any, int], names: list[str]) -> None:
    unknown = [value for value in rows.unique(column) if value not in ids]
    if not unknown:
        return
    code = "label_out_of_range"
    if -1 in unknown:
        code, unknown = "missing_label", [-1]
    at = [index for index, value in enumerate(rows[column]) if value in unknown]
    hint = "drop these rows"
    if -1 in unknown:
        hint = "-1 marks rows without a label (as in hidden test sets): use another split, or drop these rows"
    elif len(names) <= 20:
        hint = f"the labels are {', '.join(names)}: check `data.labels`, or drop these rows"
    shown = ", ".join(repr(value) for value in sorted(unknown, key=str)[:3])
    raise BadRows(
        code,
        split,
        at,
        f"{len(at)} row{'s have' if len(at) > 1 else ' has'} a label outside the range: {shown}",
        f"column `{column}` of split `{split}`, rows {some(at)}",
        hint,
    )


def head(names: list[str]) -> dict[str, Any]:
    """The fields of a model's config that name its classes."""
    return {
        "num_labels": len(names),
        "id2label": dict(enumerate(names)),
        "label2id": {name: index for index, name in enumerate(names)},
    }


def some(indices: list[int]) -> str:
    """The first few row numbers, for people."""
    shown = ", ".join(str(index) for index in indices[:5])
    return shown + (", ..." if len(indices) > 5 else "")
