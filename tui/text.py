"""Foreign text on the screen: nothing in it is markup, nothing in it reaches the terminal as a control sequence."""

from __future__ import annotations

import re
import unicodedata

from rich.cells import cell_len, set_cell_size

from core.control_pictures import picture

ELLIPSIS = "…"
ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def visible(text: str, keep: str = "") -> str:
    """`text` with a picture in place of each control or invisible character, save those in `keep`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _picture(char) for char in text)


def one_line(text: str, width: int | None = None) -> str:
    """`text` on one line, cut to `width` characters."""
    line = visible(" ".join(text.split()))
    if width is not None and len(line) > width:
        return line[: max(0, width - 1)] + ELLIPSIS
    return line


def both_ends(text: str, width: int) -> str:
    """`text` on one line; what is too long loses its middle: names often differ at their end."""
    line = one_line(text)
    if len(line) <= width:
        return line
    end = (width - 1) // 2
    return f"{line[: width - 1 - end]}{ELLIPSIS}{line[len(line) - end :]}"


def fitted(text: str, width: int, lines: int) -> str:
    """`text` in at most so many lines of `width` cells, broken between words; an ellipsis where it was cut.

    Each line of `text` begins one of its own, so an earlier one leaves room for those that follow.
    """
    parts = text.split("\n")
    found: list[str] = []
    for index, part in enumerate(parts[:lines]):
        room = lines - len(found) - min(len(parts) - index - 1, lines - len(found) - 1)
        wrapped = _wrapped(part, width)
        last = min(room, len(wrapped)) - 1
        if len(wrapped) > room or cell_len(wrapped[last]) > width:
            wrapped = [*wrapped[:last], _cut(" ".join(wrapped[last:]), width)]
        found += wrapped
        if len(found) == lines:
            break
    return "\n".join(found)


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _cut(text: str, width: int) -> str:
    """The first words of what is too long; of a word that is longer than the line its beginning."""
    first = _wrapped(text, width - 2)[0]
    return (
        f"{first} {ELLIPSIS}" if cell_len(first) <= width - 2 else set_cell_size(first, width - 1).rstrip() + ELLIPSIS
    )


def without_escapes(text: str) -> str:
    """`text` without the escape sequences that colour it on a terminal."""
    return ESCAPES.sub("", text)


def without_controls(text: str) -> str:
    """`text` without escape sequences and control characters; lines and tabs stay."""
    plain = without_escapes(text)
    return "".join(char for char in plain if char in "\t\n\r" or unicodedata.category(char) != "Cc")


def _picture(char: str) -> str:
    return " " if unicodedata.category(char) == "Zs" else picture(char)
