"""labels.csv: what each curve must be called, what it may be called besides, and why; and how well a diagnosis does."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.runs.series import Series
from core.training.diagnosis import KINDS, diagnose

HERE = Path(__file__).resolve().parent
TUNED, SEEN = 6, 18
"""So many variants of each formula were there when the rules were tuned, and when they were last changed."""
LOOKED_AT = ("-again", "-last", "-fresh")
"""Sets of real runs that had been held out before the rules were last changed."""
LABELS = HERE / "labels.csv"
Split = Literal["tune", "seen", "held-out"]


@dataclass(frozen=True)
class Label:
    """One line of labels.csv.

    Attributes:
        kinds: what must be named.
        may: what may be named too, where the curve is on the border of two kinds: counts neither way.
        why: what was done on purpose, and what is seen.
    """

    file: str
    kinds: frozenset[str]
    may: frozenset[str]
    split: Split
    why: str


@dataclass
class Score:
    """Counts of one kind over a set of curves."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def split_of(file: str) -> Split:
    """Where a curve belongs, by its name alone.

    Rules were tuned on one half of the first curves, which the hash of the name decides, and tried on the other half.
    That half, three more sets (LOOKED_AT) and later variants of the formulas led to changes once their scores had been
    looked at, and are `seen` since. Runs at wrong rates (`-tuned`) were added to tune on. Held out is what no change
    came from: a set of real runs from seeds of its own (`-new`) and the last variants of each formula.
    """
    stem = file.removesuffix(".csv")
    number = int(stem.rpartition("-")[2]) if stem.startswith("made-") else 0
    if stem.endswith("-tuned"):
        return "tune"
    if stem.endswith("-new") or number >= SEEN:
        return "held-out"
    if stem.endswith(LOOKED_AT) or number >= TUNED:
        return "seen"
    return "seen" if zlib.crc32(file.encode()) % 2 else "tune"


def labels() -> list[Label]:
    with LABELS.open(newline="") as file:
        return [
            Label(row["file"], frozenset(row["kinds"].split()), frozenset(row["may"].split()), row["split"], row["why"])
            for row in csv.DictReader(file)
        ]


def write_labels(rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Write (file, kinds, may, why), each with its split."""
    with LABELS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "kinds", "may", "split", "why"])
        writer.writerows([name, kinds, may, split_of(name), why] for name, kinds, may, why in sorted(rows))


def read_curve(file: str) -> dict[str, Series]:
    """The series of a csv file, each with the points that it has."""
    series: dict[str, Series] = {}
    with (HERE / file).open(newline="") as lines:
        for row in csv.DictReader(lines):
            step = int(row.pop("step"))
            for name, text in row.items():
                if text:
                    one = series.setdefault(name, Series())
                    one.steps.append(step)
                    one.values.append(float(text))
    return series


def named(label: Label) -> set[str]:
    """What the diagnosis says of a curve."""
    return {finding.kind for finding in diagnose(read_curve(label.file))}


def score(of: Iterable[Label]) -> dict[str, Score]:
    """Right, wrong and missed of every kind."""
    scores = {kind: Score() for kind in KINDS}
    for label in of:
        said = named(label)
        for kind in said | label.kinds:
            one = scores[kind]
            one.right += kind in said & label.kinds
            one.missed += kind in label.kinds - said
            one.wrong += kind in said - label.kinds - label.may
    return scores
