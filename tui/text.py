"""Foreign text on the screen: nothing in it is markup, nothing in it reaches the terminal as a control sequence."""

from __future__ import annotations

import re
import unicodedata

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


def without_escapes(text: str) -> str:
    """`text` without the escape sequences that colour it on a terminal."""
    return ESCAPES.sub("", text)


def without_controls(text: str) -> str:
    """`text` without escape sequences and control characters; lines and tabs stay."""
    plain = without_escapes(text)
    return "".join(char for char in plain if char in "\t\n\r" or unicodedata.category(char) != "Cc")


def _picture(char: str) -> str:
    return " " if unicodedata.category(char) == "Zs" else picture(char)
