"""A column of scores: numbers, in every row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import BadRows, FinetuiError
from core.tasks.labels import some

if TYPE_CHECKING:
    from datasets import Dataset


def check(column: str, splits: dict[str, Dataset]) -> tuple[float, float]:
    """The least and the greatest score of all splits.

    Raises:
        BadRows: one is missing.
        FinetuiError: the column holds no numbers, or the same one in every row.
    """
    import pyarrow.compute as pc
    from datasets import ClassLabel, Value

    least, greatest = float("inf"), float("-inf")
    for split, rows in splits.items():
        feature = rows.features[column]
        number = isinstance(feature, ClassLabel) or (
            isinstance(feature, Value) and feature.dtype.startswith(("int", "uint", "float", "double", "bool"))
        )
        if not number:
            raise FinetuiError(
                f"column `{column}` holds no scores",
                f"it holds {feature}",
                "name a column of numbers under data.columns.score, or leave it empty to train on pairs alone",
                key="data.columns.score",
            )
        values = pc.cast(rows.with_format("arrow")[:][column], "float64")
        missing = pc.indices_nonzero(pc.is_null(values, nan_is_null=True)).to_pylist()
        if missing:
            title = f"{len(missing)} of {len(rows)} rows have no score"
            detail = f"column `{column}` of split `{split}`, rows {some(missing)}"
            raise BadRows("missing_label", split, missing, title, detail, "fill them in, or drop these rows")
        found = pc.min_max(values).as_py()
        least, greatest = min(least, found["min"]), max(greatest, found["max"])
    if least == greatest:
        raise FinetuiError(
            f"every row has the same score: {least:g}",
            f"column `{column}`",
            "for pairs that all belong together leave the score out: data.columns.score with nothing after it",
            key="data.columns.score",
        )
    return least, greatest
