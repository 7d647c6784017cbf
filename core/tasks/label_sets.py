"""Several labels a row: a list of names or ids, or one 0 or 1 per label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.errors import BadRows, FinetuiError
from core.tasks import labels
from core.tasks.labels import Labels

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

SEVERAL = "multi_label_classification"
"""`problem_type` of a model whose classes do not exclude each other: the loss is BCEWithLogitsLoss."""
THRESHOLD = 0.5
"""A label is said where its probability is at least this."""
NONE = "no label"
"""An empty set, for people."""


class LabelSets(Labels):
    """A column of sets of labels.

    Attributes:
        multi_hot: the raw value has one 0 or 1 per label; else it lists the labels that hold.
    """

    several = True

    def __init__(self, names: list[str], ids: dict[Any, int], multi_hot: bool) -> None:
        super().__init__(names, ids)
        self.multi_hot = multi_hot

    def encode(self, value: Any) -> list[float]:
        """1.0 for each label that holds, else 0.0, in the order of the ids: what BCEWithLogitsLoss takes."""
        if self.multi_hot:
            return [float(item) for item in value]
        held = {self.ids[item] for item in value}
        return [float(index in held) for index in range(len(self.names))]


def written(names: Sequence[str], held: Sequence[float]) -> str:
    """A set for people: the names that hold, in the order of their ids."""
    return ", ".join(name for name, value in zip(names, held, strict=True) if value >= THRESHOLD) or NONE


def read(column: str, given: list[str] | int | None, splits: dict[str, Dataset]) -> LabelSets:
    """The labels of a column of lists. The first split is the one trained on.

    ClassLabel features keep their names; strings are sorted; floats and bools are one figure per label. Integers are
    ids, unless all lists are of one length, hold 0 and 1 alone and one of them repeats a value, which no set does.

    Args:
        given: names, or how many there are; None reads them from the data.

    Raises:
        BadRows: a set is missing or has a label outside `given`; or a figure per label is neither 0 nor 1.
        FinetuiError: the lists hold no labels, are of several lengths, or are all the same.
    """
    import pyarrow.compute as pc
    from datasets import ClassLabel, Value

    inner: Any = next(iter(splits.values())).features[column].feature
    if not isinstance(inner, (ClassLabel, Value)):
        raise FinetuiError(
            f"column `{column}` cannot be a set of labels",
            f"it holds lists of {inner}",
            "choose a column of lists of strings, integers or floats",
            key="data.columns.label",
        )
    lists = {split: _lists(rows, column) for split, rows in splits.items()}
    for split, values in lists.items():
        _refuse_missing(column, split, values)
    if _is_multi_hot(inner, list(lists.values())):
        found = _multi_hot(column, given, lists)
    else:
        if isinstance(inner, ClassLabel):
            names, ids = list(inner.names), {index: index for index in range(inner.num_classes)}
        else:
            items = {item for values in lists.values() for item in pc.unique(pc.list_flatten(values)).to_pylist()}
            names, ids = labels.assign(items, given) if items else ([], {})
        found = LabelSets(names, ids, multi_hot=False)
        for split, values in lists.items():
            _refuse_outside(column, split, values, found)
    train_split, train = next(iter(lists.items()))
    if len(found.names) < 2 or _all_equal(train, found):
        raise FinetuiError(
            "every row has the same labels" if len(found.names) > 1 else "there is only one label",
            f"column `{column}` of split `{train_split}`, {len(train)} rows",
            "a classifier needs something to tell apart; check `data.columns.label` and `data.limit`",
        )
    return found


def _lists(rows: Dataset, column: str) -> pa.ChunkedArray:
    return rows.with_format("arrow")[:][column]


def _refuse_missing(column: str, split: str, values: pa.ChunkedArray) -> None:
    import pyarrow.compute as pc

    parents, items = pc.list_parent_indices(values), pc.list_flatten(values)
    holed = pc.filter(parents, pc.is_null(items, nan_is_null=True)).to_pylist()
    missing = sorted({*pc.indices_nonzero(pc.is_null(values)).to_pylist(), *holed})
    if missing:
        raise BadRows(
            "missing_label",
            split,
            missing,
            f"{len(missing)} of {len(values)} rows have no labels",
            f"column `{column}` of split `{split}`, rows {labels.some(missing)}",
            "an empty list says that none holds; fill in what is missing, or drop these rows",
        )


def _is_multi_hot(inner: Any, lists: list[pa.ChunkedArray]) -> bool:
    import pyarrow.compute as pc
    from datasets import ClassLabel

    if isinstance(inner, ClassLabel):
        return False
    if inner.dtype.startswith(("float", "double", "bool", "decimal")):
        return True
    if not inner.dtype.startswith(("int", "uint")):
        return False
    lengths = {length for values in lists for length in pc.unique(pc.list_value_length(values)).to_pylist()}
    items = {item for values in lists for item in pc.unique(pc.list_flatten(values)).to_pylist()}
    if len(lengths) != 1 or not items <= {0, 1}:
        return False
    return lengths > {2} or any(len(set(row)) < len(row) for values in lists for row in values.to_pylist())


def _multi_hot(column: str, given: list[str] | int | None, lists: dict[str, pa.ChunkedArray]) -> LabelSets:
    import pyarrow.compute as pc

    width = pc.list_value_length(next(iter(lists.values()))[0]).as_py()
    wanted = width if given is None else given if isinstance(given, int) else len(given)
    for split, values in lists.items():
        other = pc.indices_nonzero(pc.not_equal(pc.list_value_length(values), wanted)).to_pylist()
        if other:
            found = pc.list_value_length(values)[other[0]].as_py()
            raise FinetuiError(
                f"a row has {found} figures for {wanted} labels",
                f"column `{column}` of split `{split}`, rows {labels.some(other)}",
                "give one 0 or 1 per label and row; `data.labels` names the labels",
                key="data.labels",
            )
        neither = pc.invert(pc.is_in(pc.cast(pc.list_flatten(values), "float64"), value_set=_zero_and_one()))
        bad = sorted(set(pc.filter(pc.list_parent_indices(values), neither).to_pylist()))
        if bad:
            raise BadRows(
                "label_out_of_range",
                split,
                bad,
                f"{len(bad)} row{'s have' if len(bad) > 1 else ' has'} a figure that is neither 0 nor 1",
                f"column `{column}` of split `{split}`, rows {labels.some(bad)}",
                "1 says that a label holds; for a number to be learned choose a column of single floats",
            )
    names = given if isinstance(given, list) else [str(index) for index in range(wanted)]
    return LabelSets(names, {index: index for index in range(wanted)}, multi_hot=True)


def _zero_and_one() -> pa.Array:
    import pyarrow as pa

    return pa.array([0.0, 1.0])


def _refuse_outside(column: str, split: str, values: pa.ChunkedArray, known: LabelSets) -> None:
    import pyarrow.compute as pc

    items = pc.list_flatten(values)
    unknown = [item for item in pc.unique(items).to_pylist() if item not in known.ids]
    if not unknown:
        return
    import pyarrow as pa

    outside = pc.is_in(items, value_set=pa.array(unknown, items.type))
    at = sorted(set(pc.filter(pc.list_parent_indices(values), outside).to_pylist()))
    hint = "drop these rows"
    if len(known.names) <= 20:
        hint = f"the labels are {', '.join(known.names)}: check `data.labels`, or drop these rows"
    shown = ", ".join(repr(item) for item in sorted(unknown, key=str)[:3])
    raise BadRows(
        "label_out_of_range",
        split,
        at,
        f"{len(at)} row{'s have' if len(at) > 1 else ' has'} a label outside the range: {shown}",
        f"column `{column}` of split `{split}`, rows {labels.some(at)}",
        hint,
    )


def _all_equal(values: pa.ChunkedArray, known: LabelSets) -> bool:
    rows = iter(values)
    first = known.encode(next(rows).as_py())
    return all(known.encode(row.as_py()) == first for row in rows)
