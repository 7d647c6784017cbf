"""Several columns beside a column of labels, fitted to a width: nothing is lost, and what differs is to be seen."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from tui.apart import apart, middle
from tui.text import one_line

LABEL = 24
"""Cells of the labels' column at least, where one of them needs so many; at most a third of the width."""
NARROW = 16
"""Where columns would be narrower and values do not fit, each value has a line of its own."""
GAP = 2
"""Cells between two columns."""
INDENT = "  "


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a heading; without one they stand at the margin. A row is a label and a value for each column."""

    heading: str
    rows: Sequence[tuple[str, Sequence[str]]]

    @property
    def indent(self) -> str:
        return INDENT if self.heading else ""


def drawn(names: Sequence[str], groups: Sequence[Group], width: int | None) -> list[str]:
    """The lines of a table.

    Args:
        names: of the columns.
        width: cells of a line; None: nothing is cut, and nothing goes on below.
    """
    groups = [group for group in groups if group.rows]
    labels = [cell_len(group.indent + one_line(label)) for group in groups for label, _ in group.rows]
    values = [cell_len(one_line(value)) for group in groups for _, cells in group.rows for value in cells]
    label, column = max(labels, default=0), max([*map(cell_len, names), *values])
    lone = False
    if width is not None:
        cap = max(LABEL, width // 3)
        label = max((each for each in labels if each <= cap), default=0)
        share = (width - label) // len(names) - GAP
        lone = share < min(column, NARROW)
        column = min(column, share)
    table = _Table(names, label, column, width)
    lines = [] if lone else table.row("", "", names)
    for group in groups:
        if group.heading:
            lines += ["", group.heading]
        for key, cells in group.rows:
            draw = table.block if lone else table.row
            lines += draw(group.indent, one_line(key), [one_line(cell) for cell in cells])
    return lines


class _Table:
    def __init__(self, names: Sequence[str], label: int, column: int, width: int | None) -> None:
        self._names = names
        self._label = label
        self._column = column
        self._width = width

    def row(self, indent: str, label: str, values: Sequence[str]) -> list[str]:
        """A row; a label that is too long has a line of its own above the values."""
        cells = apart(values, self._column)
        if len(set(cells)) < len(set(values)):  # cut as short as this, they would look alike
            return self.block(indent, label, values)
        line = "".join(" " * GAP + _right(cell, self._column) for cell in cells).rstrip()
        if cell_len(indent + label) <= self._label:
            return [_left(indent + label, self._label) + line]
        return [self._alone(indent + label), " " * self._label + line]

    def block(self, indent: str, label: str, values: Sequence[str]) -> list[str]:
        """A line for each column under the label; a value that is too long goes on below."""
        if not label:
            return []
        names = list(self._names) if self._width is None else apart(self._names, max(NARROW, self._width // 3))
        wide = max(map(cell_len, names))
        lines = [self._alone(indent + label)]
        for name, value in zip(names, values, strict=True):
            lines += _folded(indent + INDENT + _left(name, wide) + " " * GAP, value, self._width)
        return lines

    def _alone(self, label: str) -> str:
        return label if self._width is None else middle(label, self._width)


def _folded(begin: str, value: str, width: int | None) -> list[str]:
    if width is None or not value:
        return [(begin + value).rstrip()]
    parts = textwrap.wrap(value, max(1, width - cell_len(begin)), break_on_hyphens=False)
    return [(begin if at == 0 else " " * cell_len(begin)) + part for at, part in enumerate(parts)]


def _left(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text
