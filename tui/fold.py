"""Text for a terminal: lines that are too long go on below, and no word is broken."""

from __future__ import annotations

import os
import textwrap
from typing import IO


def folded(text: str, stream: IO[str], deeper: int = 2) -> str:
    """`text` as it fits the terminal that `stream` writes to; unchanged where it is a file or a pipe.

    Args:
        deeper: how many columns right of its beginning a line goes on.
    """
    width = width_of(stream)
    return text if width is None else "\n".join(_fold(line, width, deeper) for line in text.split("\n"))


def _fold(line: str, width: int, deeper: int) -> str:
    begins = len(line) - len(line.lstrip(" "))
    if len(line) <= width or begins + deeper > width // 2:
        return line
    parts = textwrap.wrap(
        line, width, subsequent_indent=" " * (begins + deeper), break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(parts)


def width_of(stream: IO[str]) -> int | None:
    """Columns of the terminal that `stream` writes to; None where it is a file or a pipe."""
    if not stream.isatty():
        return None
    return int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(stream.fileno()).columns or None
