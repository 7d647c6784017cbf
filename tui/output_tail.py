"""The end of a run's output.log, as it grows."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tui.text import without_escapes

FIRST_BYTES = 2**18
"""How much of what stands already is read."""


class OutputTail:
    """Reads what libraries print, a piece at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset: int | None = None

    def begins_anew(self) -> bool:
        """Whether so much has come since the last call of `read` that the next one passes over some of it: what it
        reads then follows on nothing."""
        with contextlib.suppress(OSError):
            if self._offset is not None and self._file.stat().st_size - self._offset > FIRST_BYTES:
                self._offset = None
        return self._offset is None

    def read(self) -> str:
        """The whole lines that came since the last call, without the last one's newline; empty if none did."""
        try:
            with self._file.open("rb") as stream:
                size = stream.seek(0, 2)
                if self._offset is None or size < self._offset:
                    self._offset = max(0, size - FIRST_BYTES)
                stream.seek(self._offset)
                whole, newline, _ = stream.read(FIRST_BYTES).rpartition(b"\n")
        except OSError:
            return ""
        self._offset += len(whole) + len(newline)
        return without_escapes(whole.decode("utf-8", "replace"))
