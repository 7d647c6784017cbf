"""Values of a dataset as text that is safe to draw: no control characters, no reordering marks, bounded work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.control_pictures import picture

NULL = "<null>"
"""A missing value. An empty text is empty."""

# Control characters (C0, DEL, C1), marks that reorder or end a line, the byte order mark, and lone surrogates.
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
_LINE_ENDS = {"\n": "⏎", "\r": "␍"}


def visible(text: str, newlines: bool = False) -> str:
    """The text with each hidden character as a picture (␛) or its code (<U+202E>).

    Args:
        newlines: keep line ends, as \\n; else they are pictures too, and the result is one line.
    """
    if newlines:
        return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))
    return _HIDDEN.sub(_picture, text)


def one_line(value: Any, width: int) -> str:
    """At most `width` characters of a value, on one line; what is cut ends in …"""
    text = visible(_text(value, width + 1))
    return text if len(text) <= width else text[: width - 1] + "…"


def whole(value: Any) -> str:
    """All of a value, with line ends kept."""
    return visible(_text(value, None), newlines=True)


def ignores_case(text: str) -> bool:
    """Whether upper and lower case are the same to a search for this text: as long as it has no upper case letter."""
    return text == text.lower()


def marking(text: str) -> re.Pattern[str]:
    """What a search for `text` finds in texts that were made visible."""
    return re.compile(re.escape(visible(text)), re.IGNORECASE if ignores_case(text) else 0)


def _picture(match: re.Match[str]) -> str:
    return _LINE_ENDS.get(match[0]) or picture(match[0])


def _text(value: Any, most: int | None) -> str:
    """A value written out, stopping soon after `most` characters."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return value[:most]
    if isinstance(value, (int, float)):
        return str(value)
    pieces: list[str] = []
    _write(value, pieces, [most if most is not None else -1])
    return "".join(pieces)


def _write(value: Any, pieces: list[str], left: list[int]) -> None:
    """Append the pieces of a value until `left[0]` characters are used up; -1 there means no end."""

    def put(text: str) -> bool:
        pieces.append(text)
        if left[0] >= 0:
            left[0] = max(0, left[0] - len(text))
        return left[0] != 0

    if isinstance(value, Mapping):
        put("{")
        for index, (key, item) in enumerate(value.items()):
            if not put(f"{', ' if index else ''}{key}: "):
                return
            _write(item, pieces, left)
        put("}")
    elif isinstance(value, (list, tuple)):
        put("[")
        for index, item in enumerate(value):
            if index and not put(", "):
                return
            _write(item, pieces, left)
        put("]")
    elif isinstance(value, str):
        put(_quoted(value if left[0] < 0 else value[: left[0] + 1]))
    elif isinstance(value, bytes):
        put(f"<{len(value)} bytes>")
    else:
        put("null" if value is None else str(value))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
