"""`curves.bin`: what the events of a run add up to, for the next reader. A long run then opens at once.

The file is one line of JSON and then the arrays, as they lie in memory. It may be deleted at any time: it holds nothing
that events.jsonl does not, and a reader that finds it unfit (another version, other events) reads the events instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from core import events
from core.runs import layout
from core.runs.series import Series

VERSION = 1
SAMPLE = 4096
"""Bytes of the events, at their start and before the offset, that tell whether they are those that were read."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The first `offset` bytes and `line` lines of a run's events.

    Attributes:
        kept: every event that is not one of many.
        last: the latest of those that are, in the order in which they came.
        under_way: whether a phase's progress stood at the end.
    """

    offset: int
    line: int
    series: dict[str, Series]
    kept: Sequence[events.Event]
    last: Sequence[events.Event]
    under_way: bool


def load(folder: Path) -> Snapshot | None:
    """What the last reader left, if it fits the events as they are now."""
    try:
        with (folder / layout.CURVES).open("rb") as stream:
            head = json.loads(stream.readline())
            ours = head["version"] == VERSION and head["byteorder"] == sys.byteorder
            if not ours or head["sample"] != _sample(folder, head["offset"]):
                return None
            arrays: list[array[Any]] = []
            for typecode, count in head["arrays"]:
                arrays.append(array(typecode))
                arrays[-1].fromfile(stream, count)
        return Snapshot(
            offset=head["offset"],
            line=head["line"],
            series={name: _series(arrays, places) for name, places in head["series"].items()},
            kept=_events(head["kept"]),
            last=_events(head["last"]),
            under_way=head["under_way"],
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError):
        return None  # absent, or not what this version writes


def save(folder: Path, snapshot: Snapshot) -> bool:
    """Put the file in place as a whole. False where the folder cannot be written: then there is none."""
    arrays, places = _distinct(snapshot.series)
    draft = ""
    try:
        head = {
            "version": VERSION,
            "byteorder": sys.byteorder,
            "offset": snapshot.offset,
            "line": snapshot.line,
            "sample": _sample(folder, snapshot.offset),
            "arrays": [(item.typecode, len(item)) for item in arrays],
            "series": places,
            "kept": [events.to_json(event) for event in snapshot.kept],
            "last": [events.to_json(event) for event in snapshot.last],
            "under_way": snapshot.under_way,
        }
        with tempfile.NamedTemporaryFile(dir=folder, prefix=layout.CURVES, delete=False) as stream:
            draft = stream.name
            stream.write(json.dumps(head).encode() + b"\n")
            for item in arrays:
                item.tofile(stream)
        Path(draft).replace(folder / layout.CURVES)
    except OSError:
        if draft:
            with contextlib.suppress(OSError):
                Path(draft).unlink()
        return False
    return True


def _sample(folder: Path, offset: int) -> str:
    """A digest of the events' first bytes and of those before `offset`; empty where they are shorter."""
    with (folder / layout.EVENTS).open("rb") as stream:
        if stream.seek(0, os.SEEK_END) < offset:
            return ""
        stream.seek(0)
        first = stream.read(min(SAMPLE, offset))
        stream.seek(max(0, offset - SAMPLE))
        return hashlib.sha256(first + stream.read(min(SAMPLE, offset))).hexdigest()


def _distinct(series: dict[str, Series]) -> tuple[list[array[Any]], dict[str, list[int]]]:
    """Each array once, and which four of them make a series: metrics of the same events share three."""
    arrays: list[array[Any]] = []
    places: dict[str, list[int]] = {}
    for name, item in series.items():
        places[name] = []
        for column in (item.steps, item.epochs, item.times, item.values):
            place = next((at for at, other in enumerate(arrays) if _same(other, column)), len(arrays))
            if place == len(arrays):
                arrays.append(column)
            places[name].append(place)
    return arrays, places


def _same(one: array[Any], other: array[Any]) -> bool:
    # As bytes: a NaN equals no NaN, and bytes are compared in one go.
    return (
        one.typecode == other.typecode
        and len(one) == len(other)
        and memoryview(one).cast("B") == memoryview(other).cast("B")
    )


def _series(arrays: Sequence[array[Any]], places: Sequence[int]) -> Series:
    steps, epochs, times, values = (arrays[place] for place in places)
    if not len(steps) == len(epochs) == len(times) == len(values):
        raise ValueError("columns of unequal length")
    return Series(steps[:], epochs[:], times[:], values[:])


def _events(lines: Sequence[str]) -> list[events.Event]:
    found = [events.from_json(line) for line in lines]
    return cast("list[events.Event]", [event for event in found if event is not None])
