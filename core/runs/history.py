"""A run's events, read and added up; a long run by the short cut that its last reader left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from core import events
from core.runs import cache, layout
from core.runs.reader import RunReader
from core.runs.state import RunState

WORTH_SAVING = 4 * 2**20
"""Bytes of events that were read anew: fewer are read again in less than a second."""
MANY = (events.StepLogged, events.Progress, events.HardwareRead)
"""Kinds of events of which there is one at every step or every other second; only their sums are kept."""
SELDOM = 32 * 2**20
"""Bytes of events after which a run that trains leaves a short cut: a hundred thousand steps, read in half a second."""

Lines = list[tuple[int, dict[str, Any]]]
"""Lines of events.jsonl as JSON has them, with their numbers."""


class History:
    """The state of a run up to where its events have been read.

    Attributes:
        state: what the events add up to.
        reader: where they come from.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = RunState()
        self.reader = RunReader(path)
        self._kept: list[events.Event] = []
        self._last: dict[tuple[type[events.Event], bool], events.Event] = {}
        self._saved = 0
        self._counted: int | None = None

    def replay(self, report: Callable[[float], None] | None = None) -> None:
        """Read everything that stands in the folder now, and leave a short cut to the next reader. For a thread.

        Args:
            report: is told, from time to time, which share of the file has been read.
        """
        self._restore()
        said = 0
        while not self.reader.at_end:
            self._take(self.reader.read_plain())
            if report is not None and not self.reader.at_end:
                share = self.reader.place[0] / (self.path / layout.EVENTS).stat().st_size
                if int(100 * share) > said:
                    said = int(100 * share)
                    report(share)
        self.save()

    def apply(self, event: events.Event) -> None:
        """Take one event into account."""
        self.state.apply(event)
        if isinstance(event, events.RunStarted):  # the last words of the life before: its time and peaks count on
            self._kept += self._last.values()
            self._last = {}
        if not isinstance(event, MANY):
            self._keep(event)
            return
        # A training's progress is one thing, that of the evaluation in between another.
        kind = (type(event), isinstance(event, events.Progress) and event.phase == "training")
        self._last.pop(kind, None)
        self._last[kind] = event

    def _keep(self, event: events.Event) -> None:
        if isinstance(event, events.ClassesCounted):  # large, and only the latest counts
            if self._counted is not None:
                del self._kept[self._counted]
            self._counted = len(self._kept)
        self._kept.append(event)

    def save(self) -> None:
        """Leave a short cut, if much was read since the last one."""
        offset, line = self.reader.place
        if offset - self._saved < WORTH_SAVING:
            return
        state = self.state
        found = cache.Snapshot(
            offset, line, state.series, self._kept, [*self._last.values()], state.progress is not None
        )
        if cache.save(self.path, found):
            self._saved = offset

    def _restore(self) -> None:
        found = cache.load(self.path)
        if found is None:
            return
        for event in (*found.kept, *found.last):
            self.apply(event)
        self.state.series = found.series
        if not found.under_way:
            self.state.progress = None
        self.reader.go_to(found.offset, found.line)
        self._saved = found.offset

    def _take(self, block: Iterable[tuple[int, dict[str, Any]]]) -> None:
        """Apply a block of lines. What was logged at steps is gathered: most of it becomes no event."""
        logged: Lines = []
        for number, data in block:
            kind = data.get("type")
            if kind == "step_logged":
                logged.append((number, data))
                continue
            if kind != "progress" and logged:  # which alone is frequent, and says nothing of the series
                self._take_logged(logged)
                logged = []
            self._take_one(number, data)
        self._take_logged(logged)

    def _take_logged(self, logged: Lines) -> None:
        many, last = logged[:-1], logged[-1:]
        if not self.state.take_steps([data for _, data in many]):
            last = logged
        for number, data in last:
            self._take_one(number, data)

    def _take_one(self, number: int, data: dict[str, Any]) -> None:
        event = self.reader.event(number, data)
        if event is not None:
            self.apply(event)


def shorten(path: Path, already: int = 0, worth: int = WORTH_SAVING) -> int:
    """Leave a short cut in a run's folder, where `worth` bytes of events came since `already`; costs a `stat` else.

    Returns:
        How many bytes of events it covers.
    """
    with contextlib.suppress(OSError):
        size = (path / layout.EVENTS).stat().st_size
        if size - already >= worth:
            History(path).replay()
            return size
    return already
