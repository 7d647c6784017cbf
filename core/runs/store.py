"""The runs under one folder: list, find, delete."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from core import events, yaml12
from core.errors import FinetuiError
from core.runs import layout, owner
from core.runs.state import LIVE, RunState, Status

TAIL = 64 * 2**10
"""Bytes of the end of events.jsonl that tell how a run stands."""
FURTHER = 4 * 2**20
"""How far back its last evaluation is looked for, where none is so near its end."""
AROUND = re.compile(r"^\d{8}-\d{4}-|-[a-z]{4}$")
"""What stands around a run's name in that of its folder."""
EVALUATED = b'"type": "evaluated"'


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in one line. `metrics` are those of its last evaluation; `started` and `updated` are unix seconds."""

    path: Path
    name: str
    task: str
    model: str
    method: str
    status: Status
    step: int
    total_steps: int
    started: float
    updated: float
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.path.name


class RunStore:
    """The folder that runs live in. Reading it never needs torch."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def default(cls, root: str | Path | None = None) -> RunStore:
        """`root`, else the environment's FINETUI_RUNS, else ./runs."""
        return cls(Path(root or os.environ.get("FINETUI_RUNS") or "runs").expanduser().absolute())

    def folders(self) -> list[Path]:
        """The run folders, the one that said something last first."""
        if not self.root.is_dir():
            return []
        found = []
        for entry in self.root.iterdir():
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # no run, or one that was just removed
                found.append(((entry / layout.EVENTS).stat().st_mtime, entry.name, entry))
        return [entry for *_, entry in sorted(found, reverse=True)]

    def list(self) -> list[RunSummary]:
        """Every run, in the order of `newest_first`."""
        found = []
        for path in self.folders():
            with contextlib.suppress(FileNotFoundError):  # removed in the meantime
                found.append(summarize(path))
        return newest_first(found)

    def find(self, name: str | None) -> Path:
        """The folder of a run, by its path, its folder's name, or a part of it that only one run has; None: the one
        that said something last.

        Raises:
            FinetuiError: no run fits, or several do.
        """
        if name and (Path(name) / layout.EVENTS).is_file():
            return Path(name).absolute()
        folders = self.folders()
        if not folders:
            raise FinetuiError("there are no runs yet", str(self.root), "start one: finetui demo, or use --runs DIR")
        if name is None:
            return folders[0]
        exact = [path for path in folders if path.name == name]
        fitting = exact or [path for path in folders if name in path.name]
        if len(fitting) == 1:
            return fitting[0]
        if not fitting:
            raise FinetuiError(f"there is no run {name}", str(self.root), self.suggestion(name))
        names = ", ".join(path.name for path in fitting[:3])
        raise FinetuiError(f"{len(fitting)} runs fit {name}", names, "give more of the name")

    def suggestion(self, name: str) -> str:
        """What to do where no run has this name: the newest of those whose names are most like it, if any is."""
        newest: dict[str, str] = {}
        for path in self.folders():
            for known in (AROUND.sub("", path.name), path.name):
                newest.setdefault(known.lower(), path.name)
        close = difflib.get_close_matches(Path(name).name.lower(), newest, 3)
        meant = ", ".join(dict.fromkeys(newest[known] for known in close))
        return f"did you mean {meant}? finetui runs lists them" if meant else "finetui runs lists them"

    def delete(self, path: Path) -> None:
        """Remove a run from disk.

        Raises:
            FinetuiError: it still trains, or it does not lie in this store.
        """
        trainer = owner.read(path)
        if summarize(path).status in LIVE and trainer is not None and trainer.alive:
            raise FinetuiError(f"{path.name} still trains", f"process {trainer.pid}", "stop it first")
        if path.parent != self.root:
            raise FinetuiError(f"{path.name} is not a run of this store", str(self.root), "delete it by hand")
        shutil.rmtree(path)


def newest_first(runs: Iterable[RunSummary]) -> list[RunSummary]:
    """The run that was begun last first: of runs under way each says something every moment, and none may change its
    place for that."""
    return sorted(runs, key=lambda run: run.started, reverse=True)


def summarize(path: Path) -> RunSummary:
    """A run's summary, from its config, its owner and both ends of its events."""
    head, tail = _both_ends(path / layout.EVENTS)
    started = next((event for event in head if isinstance(event, events.RunStarted)), None)
    state = standing(started, tail)
    status, training = state.status, state.training
    if status in LIVE:
        trainer = owner.read(path)
        if trainer is not None and not trainer.alive:
            status = "crashed"
    config = _config(path)
    model = config.get("model", {})
    return RunSummary(
        path=path,
        name=started.name if started else str(config.get("name") or path.name),
        task=started.task if started else str(config.get("task", "")),
        model=started.model if started else str(model.get("id") or "from config").rsplit("/", 1)[-1],
        method=started.method if started else str(config.get("method", {}).get("kind", "")),
        status=status,
        step=training.done if training else 0,
        total_steps=training.total if training else 0,
        started=head[0].t if head else path.stat().st_mtime,
        updated=tail[-1].t if tail else path.stat().st_mtime,
        metrics=state.metrics,
    )


def standing(started: events.RunStarted | None, tail: Iterable[events.Event]) -> RunState:
    """How a run stands after its first event and its last ones: the fold that the Monitor and `show` make of all."""
    state = RunState()
    for event in (started, *tail):
        if event is not None:
            state.apply(event)
    return state


def _both_ends(file: Path) -> tuple[list[events.Event], list[events.Event]]:
    with file.open("rb") as stream:
        first = stream.read(TAIL)
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - TAIL))
        last = stream.read()
        cut = last if size <= TAIL else last.partition(b"\n")[2]
        before = b"" if EVALUATED in cut or size <= TAIL else _last_evaluated(stream, size - TAIL)
    return _parse(first.rpartition(b"\n")[0]), _parse(before + cut.rpartition(b"\n")[0])


def _last_evaluated(stream: IO[bytes], end: int) -> bytes:
    """The line of the last evaluation before `end`; empty where it is not within FURTHER."""
    stream.seek(max(0, end - FURTHER))
    block = stream.read(end - stream.tell())
    at = block.rfind(EVALUATED)
    if at < 0:
        return b""
    line = block[block.rfind(b"\n", 0, at) + 1 :].partition(b"\n")
    return line[0] + line[1] if line[1] else b""


def _parse(block: bytes) -> list[events.Event]:
    found = []
    for line in block.splitlines():
        try:
            event = events.from_json(line.decode("utf-8"))
        except ValueError:
            continue
        if event is not None:
            found.append(event)
    return found


def _config(path: Path) -> dict[str, Any]:
    try:
        return yaml12.read(path / layout.CONFIG).data
    except FinetuiError:
        return {}
