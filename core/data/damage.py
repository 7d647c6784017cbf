"""What is wrong with a data file that can be shown all the same: which rows, where in the file, how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["bytes", "utf-16", "cut", "surplus", "short", "quote", "line", "repeated", "surrogate"]

SURPLUS = "surplus cells"
"""The column with the cells of a row that the header has no name for."""
UNREADABLE = "unreadable line"
"""The column with the lines of a json file that are no object."""

_SAID: dict[Kind, tuple[str, str]] = {
    # one row, several rows
    "bytes": (
        "1 row has bytes that are not UTF-8, shown as <0xE9> and so on",
        "{} rows have bytes that are not UTF-8, shown as <0xE9> and so on",
    ),
    "utf-16": ("the file is UTF-16", "the file is UTF-16"),
    "cut": ("the file breaks off: what comes after is not read", "the file breaks off: what comes after is not read"),
    "surplus": (
        f"1 row has more cells than the header, they are in column `{SURPLUS}`",
        f"{{}} rows have more cells than the header, they are in column `{SURPLUS}`",
    ),
    "short": (
        "1 row has fewer cells than the header, the missing ones are null",
        "{} rows have fewer cells than the header, the missing ones are null",
    ),
    "quote": (
        "a quote is never closed: in the last row quotes are read as characters",
        "a quote is never closed: in the last {} rows quotes are read as characters",
    ),
    "line": (
        f"1 line is no json object, it is in column `{UNREADABLE}`",
        f"{{}} lines are no json objects, they are in column `{UNREADABLE}`",
    ),
    "repeated": ("1 row has a key twice, the last one counts", "{} rows have a key twice, the last one counts"),
    "surrogate": (
        "1 row has half a surrogate pair, shown as <U+D800> and so on",
        "{} rows have half a surrogate pair, shown as <U+D800> and so on",
    ),
}


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage in one file.

    Attributes:
        file: its path.
        line: the first line of the file that has it, from 1.
        rows: the rows that have it, from 0: counted in the file or, where `sources.damages` says it, in the split.
    """

    file: str
    kind: Kind
    line: int
    rows: list[int] = field(default_factory=list)

    @property
    def stops(self) -> bool:
        """Whether a run stops at it unless it is told otherwise.

        Missing cells do not stop it: pandas and the builders of datasets take them for null, too, without a word, and
        nothing that the file has is lost.
        """
        return self.kind != "short"

    @property
    def said(self) -> str:
        """What it is and how it is shown, on one line, without the place."""
        if self.kind == "bytes" and not self.rows:
            return "the header has bytes that are not UTF-8, shown as <0xE9> and so on"
        one, several = _SAID[self.kind]
        return one if len(self.rows) == 1 else several.format(f"{len(self.rows):,}")

    @property
    def place(self) -> str:
        """The name of the file and the line."""
        return f"{self.file.rpartition('/')[2]}, line {self.line:,}"


def rows_of(damages: Sequence[Damage]) -> list[int]:
    """All rows that are damaged, ascending."""
    return sorted({row for damage in damages for row in damage.rows})
