"""Long values beside each other: shortened such that what differs is to be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.text import ELLIPSIS, one_line

BEFORE = 4
"""Characters kept before the first that differs, where not all that follows fits."""


def apart(values: Sequence[str], width: int) -> list[str]:
    """The values in at most `width` characters each: all as they are where they fit, else without the beginning that
    they share, else their ends, or both of their ends. The first of these that tells them apart; if none does, the
    first."""
    lines = [one_line(value) for value in values]
    if all(len(line) <= width for line in lines):
        return lines
    alike = _alike(lines)
    begins = max(0, *(lines[0].rfind(sign, 0, alike) for sign in "/ "))
    rest = max(map(len, lines)) - width + 1  # from here on all of them fit
    ways: list[Callable[[str], str]] = [
        lambda line: _from(line, begins, width),
        lambda line: _from(line, rest if rest <= alike else max(0, alike - BEFORE), width),
        lambda line: _end(line, width),
        lambda line: middle(line, width),
    ]
    found = [[way(line) for line in lines] for way in ways]
    return next((short for short in found if len(set(short)) == len(set(lines))), found[0])


def middle(text: str, width: int) -> str:
    """A text in at most `width` characters, with its beginning and its end."""
    if len(text) <= width:
        return text
    end = max(0, width - 1) // 2
    return text[: max(0, width - 1 - end)] + ELLIPSIS + (text[-end:] if end else "")


def _alike(lines: Sequence[str]) -> int:
    """How many characters all begin with."""
    differ = (at for at, chars in enumerate(zip(*lines, strict=False)) if len(set(chars)) > 1)
    return next(differ, min(map(len, lines)))


def _from(line: str, begin: int, width: int) -> str:
    return one_line(ELLIPSIS + line[begin:] if begin > 0 else line, width)


def _end(line: str, width: int) -> str:
    return line if len(line) <= width else ELLIPSIS + line[len(line) - width + 1 :]
