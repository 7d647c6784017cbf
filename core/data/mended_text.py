"""A text file read as far as it goes: what is no UTF-8 made legible, what lies behind a cut left out."""

from __future__ import annotations

import codecs
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from core.data.files import opened

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LEGIBLE = "finetui-legible"
_BLOCK = 2**20
_SURROGATE = re.compile("[\ud800-\udfff]")


def _as_codes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(f"<0x{byte:02X}>" for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_LEGIBLE, _as_codes)


class Lines:
    """The lines of a file with their ends, without a byte order mark.

    Args:
        partial: give what there is of the last line where the file is cut; else that is left out.

    Attributes:
        number: lines given so far.
        bad: the numbers of those, from 1, that had bytes that are not UTF-8.
        cut: whether the file turned out to end before its end.
        utf16: whether it is UTF-16.
    """

    def __init__(self, path: Path, partial: bool = False) -> None:
        self._path = path
        self._partial = partial
        self.number = 0
        self.bad: list[int] = []
        self.cut = False
        self.utf16 = False

    def __iter__(self) -> Iterator[str]:
        with opened(self._path) as stream:
            self.utf16 = stream.read(2) in _UTF16
            stream.seek(0)
            if self.utf16:
                for text in io.TextIOWrapper(stream, "utf-16", "replace", newline=""):
                    self.number += 1
                    yield text
                return
            for line in self._bytes(stream):
                self.number += 1
                try:
                    yield line.decode("utf-8-sig" if self.number == 1 else "utf-8")
                except UnicodeDecodeError:
                    self.bad.append(self.number)
                    yield line.removeprefix(codecs.BOM_UTF8).decode("utf-8", _LEGIBLE)

    def _bytes(self, stream: IO[bytes]) -> Iterator[bytes]:
        """The lines, also those that end as on an old Macintosh."""
        waiting: list[bytes] = []
        while block := self._block(stream):
            *whole, rest = block.splitlines(keepends=True)
            if rest.endswith(b"\n"):
                whole, rest = [*whole, rest], b""
            if whole:
                yield b"".join([*waiting, whole[0]])
                yield from whole[1:]
                waiting = []
            waiting.append(rest)
        # What was cut between the two ends of lines is in one piece here.
        if not self.cut or self._partial:
            yield from b"".join(waiting).splitlines(keepends=True)

    def _block(self, stream: IO[bytes]) -> bytes:
        try:
            return stream.read1(_BLOCK)  # type: ignore[attr-defined, no-any-return]
        except (EOFError, OSError, zlib.error):
            if self._path.suffix.lower() != ".gz":
                raise
            self.cut = True
            return b""


def without_surrogates(text: str) -> str:
    """Half a surrogate pair, which no file can hold, as its code."""
    return _SURROGATE.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)
