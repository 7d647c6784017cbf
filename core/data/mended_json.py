"""JSON rows of which some are none, as rows that all are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

from core.data.damage import UNREADABLE, Damage, Kind
from core.data.mended_csv import whole_file
from core.data.mended_text import Lines, without_surrogates

_BLANK = " \t\r\n"


def mend(path: Path, out: IO[str]) -> tuple[int, list[Damage]]:
    """Write one object per line; returns how many they are, and what was wrong.

    A line that is no object becomes one with the text of the line, as long as there are others.
    """
    head = next((line.lstrip() for line in Lines(path, partial=True) if line.strip()), "")
    return _array(path, out) if head.startswith("[") else _lines(path, out)


def _lines(path: Path, out: IO[str]) -> tuple[int, list[Damage]]:
    lines = Lines(path)
    found = _Found(path)
    row = unreadable = seen = 0
    for line in lines:
        number, text = lines.number, line.strip()
        if not text:
            continue
        if len(lines.bad) > seen:
            seen = len(lines.bad)
            found.add("bytes", number, row)
        value = _parsed(text, found, number, row)
        if not isinstance(value, dict):
            unreadable += 1
            found.add("line", number, row)
            text = _dumped({UNREADABLE: text})
        out.write(found.pure(text, number, row) + "\n")
        row += 1
    if unreadable == row:
        return 0, []
    return row, found.damages(lines)


def _parsed(text: str, found: _Found, line: int, row: int) -> Any:
    try:
        return json.loads(text, object_pairs_hook=lambda pairs: _keys(pairs, found, line, row))
    except ValueError:
        return None


def _array(path: Path, out: IO[str]) -> tuple[int, list[Damage]]:
    """One list of objects, as far as it goes."""
    lines = Lines(path, partial=True)
    text = "".join(lines)
    found = _Found(path)
    at, row, line, counted = text.index("[") + 1, 0, 1, 0
    decoder = json.JSONDecoder(object_pairs_hook=lambda pairs: _keys(pairs, found, line, row))
    while True:
        while text[at : at + 1] in (*_BLANK, ",") and at < len(text):
            at += 1
        line, counted = line + text.count("\n", counted, at), at
        if text[at : at + 1] == "]":
            break
        try:
            value, after = decoder.raw_decode(text, at)
        except (ValueError, IndexError):
            lines.cut = False
            found.add("cut", line)
            break
        last = line + text.count("\n", at, after)
        if any(line <= bad <= last for bad in lines.bad):
            found.add("bytes", line, row)
        if not isinstance(value, dict):
            found.add("line", line, row)
            value = {UNREADABLE: text[at:after]}
        out.write(found.pure(_dumped(value), line, row) + "\n")
        row, at = row + 1, after
    return row, found.damages(lines)


def _keys(pairs: list[tuple[str, Any]], found: _Found, line: int, row: int) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        found.add("repeated", line, row)
    return value


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Found:
    """What is wrong so far, by kind: the first line, the rows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[Kind, tuple[int, list[int]]] = {}

    def add(self, kind: Kind, line: int, row: int | None = None) -> None:
        rows = self._rows.setdefault(kind, (line, []))[1]
        if row is not None and (not rows or rows[-1] != row):
            rows.append(row)

    def pure(self, text: str, line: int, row: int) -> str:
        """The text of a row without what Arrow refuses: half a surrogate pair, a key twice."""
        twice = "repeated" in self._rows and self._rows["repeated"][1][-1] == row
        if "\\ud" not in text.lower() and text.isascii() and not twice:
            return text
        value = _dumped(json.loads(text)) if twice or "\\u" in text else text
        pure = without_surrogates(value)
        if pure != value:
            self.add("surrogate", line, row)
        return pure

    def damages(self, lines: Lines) -> list[Damage]:
        kinds = [Damage(str(self._path), kind, line, rows) for kind, (line, rows) in self._rows.items()]
        return kinds + whole_file(self._path, lines)
