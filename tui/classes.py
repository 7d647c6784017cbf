"""What came out for each class at an evaluation, as the rows of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.text import one_line

if TYPE_CHECKING:
    from core.events import ClassesCounted

UNDEFINED = "-"
"""In place of a figure that is 0/0."""
NONE = "·"
"""In place of a count of 0: a matrix is mostly that."""
MOST_MISTAKEN = 3


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class. `support` is how many rows are of it; `taken` how many of those were predicted as each class (empty
    without a matrix)."""

    label: str
    place: int
    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    taken: list[int]

    @property
    def figures(self) -> list[str]:
        """Support, precision, recall and F1 for people."""
        shares = (self.precision, self.recall, self.f1)
        return [f"{self.support:,}", *(UNDEFINED if share is None else f"{share:.3f}" for share in shares)]

    @property
    def counts(self) -> list[str]:
        """The row of the matrix: what is right in brackets; each ends where the others do."""
        return [
            f"[{count:,}]" if place == self.place else f"{count:,} " if count else f"{NONE} "
            for place, count in enumerate(self.taken)
        ]


def rows_of(counted: ClassesCounted) -> list[ClassRow]:
    """A row per class, in the order of the event."""
    return [
        ClassRow(
            label=one_line(label) or '""',
            place=place,
            support=support,
            precision=_share(correct, predicted),
            recall=_share(correct, support),
            f1=_share(2 * correct, support + predicted),
            taken=counted.matrix[place] if counted.matrix else [],
        )
        for place, (label, support, predicted, correct) in enumerate(
            zip(counted.labels, counted.support, counted.predicted, counted.correct, strict=True)
        )
    ]


def mistaken(rows: list[ClassRow]) -> list[tuple[str, str, int]]:
    """Which class was most often taken for which other: true class, predicted class, how often."""
    found = [
        (row.label, rows[place].label, count)
        for row in rows
        for place, count in enumerate(row.taken)
        if count and place != row.place
    ]
    return sorted(found, key=lambda item: -item[2])[:MOST_MISTAKEN]


def heading(counted: ClassesCounted) -> str:
    """What the table is of."""
    left_out = counted.classes - len(counted.labels)
    which = f"the {len(counted.labels)} most frequent of {counted.classes:,} classes" if left_out > 0 else "classes"
    return f"{which} at step {counted.step or 0:,}"


def as_data(counted: ClassesCounted | None) -> dict[str, object] | None:
    """For machines: figures that are 0/0 are null; `matrix` has a row per true class."""
    if counted is None:
        return None
    return {
        "step": counted.step,
        "classes": counted.classes,
        "per_class": [
            {"label": label, "support": row.support, "precision": row.precision, "recall": row.recall, "f1": row.f1}
            for label, row in zip(counted.labels, rows_of(counted), strict=True)
        ],
        "matrix": counted.matrix or None,
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
