"""The writing side of a run folder: the engine's end."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import string
import threading
from datetime import datetime
from pathlib import Path
from typing import IO

from core import commands, config_file, events
from core.config import RunConfig
from core.errors import FinetuiError, RunFailure
from core.runs import layout, owner

SPARE_BYTES = 64 * 2**20
"""Disk space that must be free before a run is begun: events, log and a small model fit into it."""

NAME_LENGTH = 60
"""Characters of a run's name that its folder has; as many as `name` may have."""


class RunFolder:
    """A run on disk. Safe to `emit` into from several threads of the process that owns it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._events: IO[str] | None = None
        self._inbox_offset = 0

    @classmethod
    def create(cls, runs: Path, config: RunConfig) -> RunFolder:
        """Make `<date>-<name>-<4 letters>` under `runs`, with its config in it.

        Raises:
            FinetuiError: no permission, or less than SPARE_BYTES free. Nothing is left behind.
        """
        letters = "".join(secrets.choice(string.ascii_lowercase) for _ in range(4))
        # A title may be made from a model's id or type: no place of its own, and not longer than a file system takes.
        name = re.sub(r"[^\w.-]+", "-", config.title)[:NAME_LENGTH]
        path = (runs / f"{datetime.now():%Y%m%d-%H%M}-{name}-{letters}").absolute()
        made = [parent for parent in (path, *path.parents) if not parent.exists()]
        try:
            path.mkdir(parents=True)
            free = shutil.disk_usage(path).free
            if free < SPARE_BYTES:
                raise OSError(errno.ENOSPC, f"{free // 2**20} MiB free")
            folder = cls(path)
            folder.write_config(config)
            (path / layout.EVENTS).touch()
            (path / layout.INBOX).touch()
            (path / layout.CHECKPOINTS).mkdir()
        except OSError as error:
            shutil.rmtree(path, ignore_errors=True)
            for parent in made[1:]:
                if parent.is_dir() and not any(parent.iterdir()):
                    parent.rmdir()
            raise _not_writable(error, path) from None
        return folder

    @property
    def checkpoints(self) -> Path:
        return self.path / layout.CHECKPOINTS

    @property
    def model(self) -> Path:
        return self.path / layout.MODEL

    @property
    def output(self) -> Path:
        return self.path / layout.OUTPUT

    def events_size(self) -> int:
        """Bytes of events so far."""
        return (self.path / layout.EVENTS).stat().st_size

    def last_checkpoint(self, resumable: bool = False) -> Path | None:
        """The newest complete checkpoint: the Trainer writes `trainer_state.json` last.

        Args:
            resumable: the newest that training can go on from; under `save_only_model` they have no optimizer.
        """
        whole = [file.parent for file in self.checkpoints.glob("checkpoint-*/trainer_state.json")]
        found = [folder for folder in whole if not resumable or (folder / "optimizer.pt").is_file()]
        return max(found, key=checkpoint_step, default=None)

    def write_config(self, config: RunConfig) -> None:
        """Put the config in place as a whole, never half of it."""
        target = self.path / layout.CONFIG
        draft = target.with_suffix(".tmp")
        draft.write_text(config_file.to_yaml(config), encoding="utf-8")
        draft.replace(target)

    def take(self) -> None:
        """Own the run from now on. What the inbox holds was for the owner before, if there was one.

        A new run can be told to stop while its engine is still being imported: that counts.
        """
        owner.write(self.path)
        if (self.path / layout.EVENTS).stat().st_size:
            with contextlib.suppress(FileNotFoundError):
                self._inbox_offset = (self.path / layout.INBOX).stat().st_size

    def emit(self, event: events.Event) -> None:
        """Append one event, whole, and hand it to the operating system.

        Raises:
            RunFailure: the disk is full.
        """
        line = events.to_json(event) + "\n"
        with self._lock:
            try:
                if self._events is None:
                    self._events = (self.path / layout.EVENTS).open("a", encoding="utf-8")
                    if self._ends_mid_line():
                        self._events.write("\n")
                self._events.write(line)
                self._events.flush()
            except OSError as error:
                raise _not_writable(error, self.path, RunFailure) from None

    def read_commands(self) -> list[commands.Command]:
        """The commands that arrived since the last call. Costs one `stat` when there are none."""
        inbox = self.path / layout.INBOX
        try:
            if inbox.stat().st_size <= self._inbox_offset:
                return []
            with inbox.open("rb") as stream:
                stream.seek(self._inbox_offset)
                whole = stream.read().rpartition(b"\n")[0]
        except FileNotFoundError:  # somebody removed it: the next command makes a new one
            self._inbox_offset = 0
            return []
        if not whole:
            return []
        self._inbox_offset += len(whole) + 1
        return _commands(whole)

    def commands_before(self) -> list[commands.Command]:
        """What the run was told in the lives before this one."""
        try:
            with (self.path / layout.INBOX).open("rb") as stream:
                return _commands(stream.read(self._inbox_offset))
        except FileNotFoundError:
            return []

    def close(self) -> None:
        """Close the event file; a later `emit` opens it again."""
        with self._lock:
            if self._events is not None:
                self._events.close()
                self._events = None

    def discard(self) -> None:
        """Remove the run from disk: nothing was trained, nothing is worth keeping."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.path.parent.rmdir()  # only where it is empty now

    def _ends_mid_line(self) -> bool:
        """Whether a crash left half an event at the end of the file."""
        with (self.path / layout.EVENTS).open("rb") as stream:
            if stream.seek(0, os.SEEK_END) == 0:
                return False
            stream.seek(-1, os.SEEK_END)
            return stream.read(1) != b"\n"


def _commands(lines: bytes) -> list[commands.Command]:
    told = (commands.from_json(line) for line in lines.decode("utf-8", "replace").splitlines())
    return [command for command in told if command is not None]


def checkpoint_step(path: Path) -> int:
    """The step of `checkpoint-<step>`."""
    return int(path.name.rpartition("-")[2])


def tell(folder: Path, command: commands.Command) -> None:
    """Append a command to a run's inbox, from any process.

    Raises:
        FinetuiError: the folder cannot be written.
    """
    try:
        with (folder / layout.INBOX).open("a", encoding="utf-8") as stream:
            stream.write(commands.to_json(command) + "\n")
    except OSError as error:
        raise _not_writable(error, folder) from None


def _not_writable(error: OSError, path: Path, kind: type[FinetuiError] = FinetuiError) -> FinetuiError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return kind("no disk space for the run folder", f"{path}: {error.strerror}", "free some, or use --runs DIR")
    return kind("cannot write the run folder", f"{path}: {error.strerror}", "choose another place with --runs DIR")
