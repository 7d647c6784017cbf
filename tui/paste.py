"""What is pasted is text, never keys, whatever stands in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from textual._xterm_parser import BRACKETED_PASTE_END as END
from textual._xterm_parser import BRACKETED_PASTE_START as START
from textual._xterm_parser import XTermParser
from textual.message import Message

from tui.text import without_controls

SILENCE = 5.0
"""Seconds without a character after which a paste that was never ended is over: else the keyboard would be dead."""


class PasteParser(XTermParser):
    """Takes all between the two marks as the paste.

    Textual's own parser reads a paste for escape sequences too, and hands those that it does not know on as keys.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._last = ""
        """The end of what came outside a paste: the mark may come in two parts."""
        self._pasted: str | None = None
        """What has come of the paste; None outside one."""
        self._heard = 0.0

    def feed(self, data: str) -> Iterable[Message]:
        for part in self._parts(data) if data else [data]:
            yield from super().feed(part)

    def tick(self) -> Iterable[Message]:
        if self._pasted is not None and time.monotonic() - self._heard > SILENCE:
            yield from super().feed(self._end(self._pasted))
        yield from super().tick()

    def _parts(self, data: str) -> Iterator[str]:
        """What Textual's parser may see of it: a paste comes as a whole, and nothing in it looks like an end."""
        self._heard = time.monotonic()
        while data:
            if self._pasted is None:
                before = len(self._last)
                outside, mark, rest = (self._last + data).partition(START)
                self._last = "" if mark else outside[1 - len(START) :]
                yield (outside + mark)[before:]
                self._pasted, data = ("", rest) if mark else (None, "")
            else:
                pasted, mark, data = (self._pasted + data).partition(END)
                if mark:
                    yield self._end(pasted)
                else:
                    self._pasted = pasted

    def _end(self, pasted: str) -> str:
        self._pasted = None
        return without_controls(pasted) + END
