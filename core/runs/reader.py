"""The reading side of a run folder: tails the events of a run that lives, ended, or was copied from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from core import events
from core.runs import layout

BLOCK = 2**19
"""Bytes read by one `read`: the caller stays responsive on a file of any size, and so do its other threads: JSON is
parsed a block at a time, some milliseconds in which no other thread gets a turn."""


class RunReader:
    """Reads a run's events as they come. Needs no lock: the file is append only.

    Args:
        begin: the byte to begin at: the end of a line.

    Attributes:
        skipped: what could not be read so far, as lines for people.
        at_end: whether the last `read` reached the end of the file.
    """

    def __init__(self, path: Path, begin: int = 0) -> None:
        self.path = path
        self.skipped: list[str] = []
        self.at_end = False
        self._offset = begin
        self._line = 0

    @property
    def place(self) -> tuple[int, int]:
        """How many bytes and lines of the file have been read."""
        return self._offset, self._line

    def go_to(self, offset: int, line: int) -> None:
        """Read on from here: what stands before is known already."""
        self._offset, self._line = offset, line

    def read(self, limit: int = BLOCK) -> list[events.Event]:
        """The events of at most the next `limit` bytes. A last line without newline stays for the next call."""
        return [event for number, data in self.read_plain(limit) if (event := self.event(number, data)) is not None]

    def read_plain(self, limit: int = BLOCK) -> Iterable[tuple[int, dict[str, Any]]]:
        """What `read` gives, as JSON has it, and the number of each line: for who needs little of many events."""
        lines = self._lines(limit)
        first = self._line + 1
        self._line += len(lines)
        try:
            found = json.loads(b"[%b]" % b",".join(lines))  # in one go: half the time of one by one
        except ValueError:
            found = []
        if len(found) == len(lines) and all(type(item) is dict for item in found):
            return [*enumerate(found, first)]
        parsed = ((number, self._object(number, line)) for number, line in enumerate(lines, first))
        return ((number, data) for number, data in parsed if data is not None)

    def event(self, number: int, data: dict[str, Any]) -> events.Event | None:
        """The event of a line; None where it is none, which is noted."""
        try:
            event = events.from_dict(data)
        except ValueError as error:
            self.skipped.append(f"line {number} of events.jsonl is no event: {error}")
            return None
        if event is None:
            self.skipped.append(f"line {number} of events.jsonl: a kind of event this version does not know")
        return event

    def _lines(self, limit: int) -> list[bytes]:
        file = self.path / layout.EVENTS
        try:
            size = file.stat().st_size
            if size < self._offset:
                self.skipped.append("events.jsonl was cut shorter: reading it again from its start")
                self._offset = self._line = 0
            if size == self._offset:
                self.at_end = True
                return []
            with file.open("rb") as stream:
                stream.seek(self._offset)
                block = stream.read(limit)
                if len(block) == limit and b"\n" not in block:
                    block += stream.readline()
        except FileNotFoundError:
            self.at_end = True
            return []
        whole, newline, _ = block.rpartition(b"\n")
        self.at_end = self._offset + len(block) >= size
        if not newline:
            return []
        self._offset += len(whole) + 1
        return whole.split(b"\n")

    def read_all(self) -> list[events.Event]:
        """Every event up to the end of the file."""
        found = self.read()
        while not self.at_end:
            found += self.read()
        return found

    def _object(self, number: int, line: bytes) -> dict[str, Any] | None:
        if not line.strip():
            return None
        try:
            return events.parse(line.decode("utf-8"))
        except ValueError as error:
            self.skipped.append(f"line {number} of events.jsonl is no event: {error}")
            return None
