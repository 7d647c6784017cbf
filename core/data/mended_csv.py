"""Delimited text whose rows do not fit its header, or whose quotes do not pair up, as rows that do."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO, Literal

from core.data.damage import SURPLUS, Damage, Kind
from core.data.mended_text import Lines

Quoting = Literal[0, 3]
"""csv.QUOTE_MINIMAL or csv.QUOTE_NONE."""
_END = "\x00the end\x00"
"""A row that is put after the last one: a quote that is still open swallows it."""

csv.field_size_limit(sys.maxsize)  # a cell may hold megabytes; the module's limit is one for the whole process


class Records:
    """The rows of a file, the header first.

    Args:
        quoting: csv.QUOTE_MINIMAL, or csv.QUOTE_NONE where quotes are characters.
        literal_from: the line from which on they are characters whatever `quoting` is.

    Attributes:
        open_quote: the line at which a row begins whose quote is never closed.
    """

    def __init__(self, path: Path, separator: str, quoting: Quoting, literal_from: int | None = None) -> None:
        self.lines = Lines(path)
        self._separator = separator
        self._quoting = quoting
        self._literal_from = literal_from
        self.open_quote: int | None = None

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """The first line of each row, and its cells. Blank lines are no rows."""
        stream = iter(self.lines)
        if self._literal_from is None:
            yield from self._parsed(chain(stream, [f"{_END}\n"]), self._quoting, 0)
            return
        before = self._literal_from - 1
        yield from self._parsed(islice(stream, before), self._quoting, 0)
        yield from self._parsed(stream, csv.QUOTE_NONE, before)

    def _parsed(self, lines: Iterator[str], quoting: Quoting, line: int) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(lines, delimiter=self._separator, quoting=quoting)
        shift = line
        for cells in reader:
            first, line = line + 1, shift + reader.line_num
            if cells == [_END]:
                return
            if cells and cells[-1].endswith(f"{_END}\n"):
                self.open_quote = first
                return
            if cells and not (len(cells) == 1 and cells[0].isspace()):
                yield first, cells


def mend(path: Path, separator: str, quoting: Quoting, out: IO[str]) -> tuple[int, list[Damage]]:
    """Write the rows so that each fits the header; returns how many they are, and what was wrong."""
    records = Records(path, separator, quoting)
    width, widest = _widths(records)
    literal_from = records.open_quote
    if literal_from is not None:
        width, widest = _widths(Records(path, separator, quoting, literal_from))
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    records = Records(path, separator, quoting, literal_from)
    places: dict[Kind, list[tuple[int, int]]] = {"surplus": [], "short": [], "bytes": [], "quote": []}
    row, seen = -1, 0
    for line, cells in records:
        bad = len(records.lines.bad) > seen
        seen = len(records.lines.bad)
        if bad:
            places["bytes"].append((records.lines.bad[-1], row))
        if row >= 0:
            if len(cells) > width:
                places["surplus"].append((line, row))
            elif len(cells) < width:
                places["short"].append((line, row))
            if literal_from is not None and line >= literal_from:
                places["quote"].append((line, row))
        surplus = separator.join(cells[width:]) if row >= 0 else SURPLUS
        writer.writerow([*cells[:width], surplus] if widest > width else cells)
        row += 1
    return row, [
        Damage(str(path), kind, found[0][0], [at for _, at in found if at >= 0])
        for kind, found in places.items()
        if found
    ] + whole_file(path, records.lines)


def short_rows(path: Path, separator: str, quoting: Quoting) -> tuple[int, list[Damage]]:
    """How many rows a file has that can be read as it is, and those with fewer cells than the header."""
    records = iter(Records(path, separator, quoting))
    width = len(next(records, (0, []))[1])
    rows = 0
    found: list[tuple[int, int]] = []
    for line, cells in records:
        if len(cells) < width:
            found.append((line, rows))
        rows += 1
    return rows, [Damage(str(path), "short", found[0][0], [row for _, row in found])] if found else []


def _widths(records: Records) -> tuple[int, int]:
    """The cells of the header, and of the widest row."""
    widths = [len(cells) for _, cells in records]
    return (widths[0], max(widths)) if widths else (0, 0)


def whole_file(path: Path, lines: Lines) -> list[Damage]:
    """What is wrong with a file as a whole, after its lines were read."""
    found = [Damage(str(path), "utf-16", 1)] if lines.utf16 else []
    return [*found, Damage(str(path), "cut", lines.number + 1)] if lines.cut else found
