"""The tags of a token classification dataset: one list per row, as strings, integers or ClassLabel ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from core.errors import BadRows, FinetuiError
from core.tasks import labels

if TYPE_CHECKING:
    from datasets import Dataset

OUTSIDE = "O"
"""The tag of a word that belongs to no entity."""
_PREFIXED = re.compile(r"[BIESLU]-.")


def name_entities(names: list[str]) -> bool:
    """Whether tags mark entities by prefixes (B-, I-, and E-, S-, L-, U- of the wider schemes) and `O`."""
    return any(map(_PREFIXED.match, names)) and all(name == OUTSIDE or _PREFIXED.match(name) for name in names)


def read(words: str, column: str, given: list[str] | int | None, splits: dict[str, Dataset]) -> labels.Labels:
    """The tags of a column of lists. The first split is the one trained on.

    ClassLabel features keep their names; strings are sorted, `O` first; integers are ids.

    Args:
        words: the column of the words that the tags belong to.
        given: names, or how many there are; None reads them from the data.

    Raises:
        BadRows: a row has another number of tags than words, or a tag is missing or outside `given`.
        FinetuiError: a column holds no lists, or every word has the same tag.
    """
    from datasets import ClassLabel

    for split, rows in splits.items():
        for name, role in ((words, "tokens"), (column, "tags")):
            _refuse_no_list(split, rows, name, role)
        _refuse_uneven(split, rows, words, column)
    inner = next(iter(splits.values())).features[column].feature
    seen = {value for rows in splits.values() for value in _unique(rows, column)}
    if isinstance(inner, ClassLabel):
        found = labels.Labels(list(inner.names), {index: index for index in range(inner.num_classes)})
    elif all(isinstance(value, str) for value in seen):
        names = given if isinstance(given, list) else sorted(seen, key=lambda name: (name != OUTSIDE, name))
        found = labels.Labels(names, {name: index for index, name in enumerate(names)})
    elif all(isinstance(value, int) for value in seen):
        count = len(given) if isinstance(given, list) else given or max(seen, default=0) + 1
        names = given if isinstance(given, list) else [str(index) for index in range(count)]
        found = labels.Labels(names, {index: index for index in range(count)})
    else:
        raise FinetuiError(
            f"column `{column}` cannot be tags", f"it holds lists of {inner}", "choose lists of strings or integers"
        )
    for split, rows in splits.items():
        _refuse_unknown(split, rows, column, seen - found.ids.keys(), found.names)
    if len(found.names) < 2:
        only = ", ".join(found.names)
        raise FinetuiError(f"every word has the same tag: {only}", f"column `{column}`", "check `data.columns.tags`")
    return found


def _refuse_no_list(split: str, rows: Dataset, column: str, role: str) -> None:
    from datasets import LargeList
    from datasets import List as ListOf

    feature = rows.features[column]
    if not isinstance(feature, (ListOf, LargeList)):
        raise FinetuiError(
            f"column `{column}` holds no lists",
            f"{role} of split `{split}`: {feature}",
            f"data.columns.{role} names a column with one list a row: its words, and as many tags",
            key=f"data.columns.{role}",
        )


def _refuse_uneven(split: str, rows: Dataset, words: str, column: str) -> None:
    import pyarrow.compute as pc

    table = rows.with_format("arrow")
    counts = [pc.fill_null(pc.list_value_length(table[name]), 0) for name in (words, column)]
    uneven = pc.indices_nonzero(pc.not_equal(*counts)).to_pylist()
    if uneven:
        first = uneven[0]
        raise BadRows(
            "uneven_tags",
            split,
            uneven,
            f"{len(uneven)} of {len(rows)} rows have another number of tags than words",
            f"split `{split}`, rows {labels.some(uneven)}; row {first}: {counts[0][first]} words in `{words}`, "
            f"{counts[1][first]} tags in `{column}`",
            "mend these rows, or drop them",
        )


def _unique(rows: Dataset, column: str) -> list[Any]:
    import pyarrow.compute as pc

    found: list[Any] = pc.unique(pc.list_flatten(rows.with_format("arrow")[column])).to_pylist()
    return found


def _refuse_unknown(split: str, rows: Dataset, column: str, unknown: set[Any], names: list[str]) -> None:
    if not unknown:
        return
    at = [index for index, tags in enumerate(rows[column]) if tags and unknown & set(tags)]
    if not at:
        return
    shown = ", ".join("nothing" if value is None else repr(value) for value in sorted(unknown, key=str)[:3])
    raise BadRows(
        "label_out_of_range",
        split,
        at,
        f"{len(at)} {'row has' if len(at) == 1 else 'rows have'} a tag outside the range: {shown}",
        f"column `{column}` of split `{split}`, rows {labels.some(at)}",
        f"the tags are {', '.join(names[:20])}: check `data.labels`, or drop these rows",
    )


def chunks(names: list[str]) -> list[tuple[str, int, int]]:
    """The entities that a row of tags marks, as seqeval counts them: type, first word, last word."""
    from seqeval.metrics.sequence_labeling import get_entities

    found: list[tuple[str, int, int]] = get_entities(names)
    return found
