"""Tokens broken into lines: the pieces, what stands below each, and which of them stand on a line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len

from tui import inspection_words as words
from tui.text import visible

if TYPE_CHECKING:
    from core.inspection.view import TokenView

Under = Literal["", "ids", "labels"]


@dataclass(frozen=True, slots=True)
class Line:
    """Some tokens in a row, or the name of the part that follows."""

    tokens: range
    head: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Tokens as they are drawn: the pieces, what stands below them, the cells that each pair takes."""

    pieces: list[str]
    under: list[str]
    widths: list[int]
    parts: Sequence[str]

    @classmethod
    def of(cls, view: TokenView, under: Under) -> Layout:
        pieces, below = words.pieces(view), glosses(view, under)
        cells = {text: cell_len(text) for text in {*pieces, *below}}
        widths = list(map(cells.__getitem__, pieces))
        if below:
            widths = list(map(max, widths, map(cells.__getitem__, below)))
        return cls(pieces, below, widths, view.loss.parts if under == "labels" else ())

    def lines(self, width: int) -> list[Line]:
        return lines(self.widths, self.parts, max(1, width))


def glosses(view: TokenView, under: Under) -> list[str]:
    """What stands below each piece."""
    if under == "ids":
        return list(map(str, view.ids))
    if under != "labels":
        return []
    marks = {
        int(value): name.removesuffix("_positions") for name, value in view.extra.items() if name.endswith("_positions")
    }
    if not view.loss.tokens:
        return [marks.get(index, "") for index in range(len(view.ids))] if marks else []
    arrow = ("↛" if view.loss.unlearned else "→") if view.loss.shifted else ""
    answers = [view.answer(index) for index in range(len(view.ids))]
    return [words.MASKED if answer is None else arrow + words.short(answer) for answer in answers]


def cuts(view: TokenView) -> set[tuple[int, int]]:
    """Where the tokens end: (text, character)."""
    return {(span[0], span[2]) for span in view.spans if span is not None}


def lines(widths: Sequence[int], parts: Sequence[str], width: int) -> list[Line]:
    """Tokens broken into lines; where another part begins, its name stands above."""
    result: list[Line] = []
    for start, stop in _stretches(parts, len(widths)):
        if parts:
            name = next(filter(None, parts[start:stop]), "special")
            count = stop - start
            result.append(Line(range(0), f"{visible(name)} · {count} token{'s' if count > 1 else ''}"))
        broken = break_lines(widths[start:stop], width)
        result += [Line(range(start + line.start, start + line.stop)) for line in broken]
    return result


def break_lines(widths: Sequence[int], room: int) -> list[range]:
    """Which pieces stand on which line, a separator of one cell after each; a piece too wide for a line has its own."""
    ends = list(accumulate(width + 1 for width in widths))
    found, start = [], 0
    while start < len(ends):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, bisect_right(ends, before + room, start))
        found.append(range(start, stop))
        start = stop
    return found


def _stretches(parts: Sequence[str], count: int) -> list[tuple[int, int]]:
    if not parts:
        return [(0, count)] if count else []
    named: list[str] = []
    for part in parts:  # [SEP] stands with what it ends
        named.append(part or (named[-1] if named else ""))
    first = next((part for part in named if part), "")
    named = [part or first for part in named]  # and [CLS] with what it begins
    starts = [index for index in range(count) if not index or named[index] != named[index - 1]]
    return list(zip(starts, [*starts, count][1:], strict=True))
