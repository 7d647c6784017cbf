"""The lines of a log, as many as are kept: those of a level, and those that match what is searched."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Literal

LIMIT = 20_000
"""Lines kept; the file has the rest."""
SLACK = 1_000
"""So many more may stand before the oldest are dropped: what is shown and what matches is then found anew."""

Show = Literal["all", "warning", "error"]
SHOWS: tuple[Show, ...] = ("all", "warning", "error")
LEVELS: dict[Show, tuple[str, ...]] = {
    "all": ("info", "warning", "error"),
    "warning": ("warning", "error"),
    "error": ("error",),
}

Line = tuple[str, str, str]
"""Clock, level, text."""


class LogLines:
    """Grows at its end. Rows count over what is shown.

    Attributes:
        rows: the lines that are shown.
        show: which levels are: all, warnings and errors, errors.
        wanted: what is searched, in lower case; empty: nothing.
        matches: the rows that contain it.
        at: the row of the match that one stands on.
    """

    def __init__(self) -> None:
        self.rows: list[Line] = []
        self.show: Show = "all"
        self.wanted = ""
        self.matches: list[int] = []
        self.at: int | None = None
        self._lines: list[Line] = []

    def clear(self) -> None:
        self._lines.clear()
        self._sift()

    def extend(self, lines: Iterable[Line]) -> None:
        """Append lines; costs what is new, but for one time in SLACK lines."""
        new = list(lines)
        self._lines += new
        if len(self._lines) > LIMIT + SLACK:
            before = len(self.rows)
            del self._lines[:-LIMIT]
            at = self.at
            self._sift()
            self.at = None if at is None else self._row_near(at - before + len(self.rows))
        else:
            self._take(new)

    def turn(self) -> None:
        """Show the next choice of levels."""
        self.show = SHOWS[(SHOWS.index(self.show) + 1) % len(SHOWS)]
        self._sift()

    def search(self, text: str, top: int) -> None:
        """Look for `text`, whatever its case; stand on the first match from row `top` on, else on the last before."""
        self.wanted = text.lower()
        self.matches = [row for row, line in enumerate(self.rows) if self._fits(line)]
        self.at = self._row_near(top)

    def step(self, by: Literal[1, -1]) -> None:
        """Stand on the next or the previous match, round the end."""
        if not self.matches:
            return
        at = self.at if self.at is not None else -1
        index = bisect_right(self.matches, at) if by == 1 else bisect_left(self.matches, at) - 1
        self.at = self.matches[index % len(self.matches)]

    @property
    def place(self) -> int:
        """Which match one stands on, counted from 1; 0 where there is none."""
        return 0 if self.at is None else bisect_left(self.matches, self.at) + 1

    def _sift(self) -> None:
        self.rows, self.matches, self.at = [], [], None
        self._take(self._lines)
        if self.wanted:
            self.at = self._row_near(0)

    def _take(self, lines: list[Line]) -> None:
        levels = LEVELS[self.show]
        for line in lines:
            if line[1] in levels:
                if self._fits(line):
                    self.matches.append(len(self.rows))
                self.rows.append(line)

    def _fits(self, line: Line) -> bool:
        return bool(self.wanted) and self.wanted in line[2].lower()

    def _row_near(self, row: int) -> int | None:
        if not self.matches:
            return None
        return self.matches[min(bisect_left(self.matches, row), len(self.matches) - 1)]
