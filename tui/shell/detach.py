"""`finetui train --detach`: the run in a process of its own, which outlives the shell."""

from __future__ import annotations

import json as json_lib
import subprocess
import sys
from pathlib import Path

from core.errors import FinetuiError
from core.runs.folder import RunFolder
from core.runs.state import RunState
from core.runs.store import RunStore
from tui.shell import named_config
from tui.shell.command import command
from tui.shell.display import PlainLines
from tui.shell.errors import DONE, INTERRUPTED, USAGE
from tui.shell.follow import follow
from tui.shell.streams import Streams
from tui.shell.train import conclude


def train_detached(file: Path, settings: list[str], runs: Path | None, json: bool) -> int:
    """Start the run and return once it trains; bad input is reported as ever. Returns the exit code."""
    loaded = named_config.load(file, settings)
    streams = Streams.take()
    folder = RunFolder.create(RunStore.default(runs).root, loaded.config)
    process = _start(folder)
    try:
        state = follow(folder.path, PlainLines(streams), lambda: process.poll() is None, until=_trains)
    except KeyboardInterrupt:
        streams.say(f"the run goes on: {command()} attach {folder.path.name}")
        return INTERRUPTED
    if state.failed is not None or (state.finished is None and process.poll() is not None):
        code = conclude(state.failed, folder.path, streams, loaded)
        if code == USAGE:
            folder.discard()
        return code
    if json:
        print(json_lib.dumps({"run": str(folder.path), "pid": process.pid}), file=streams.out, flush=True)
    else:
        print(folder.path, file=streams.out, flush=True)
        streams.say(f"watch it: {command()} attach {folder.path.name}")
        streams.say(f"end it: {command()} tell {folder.path.name} stop")
    return DONE


def _start(folder: RunFolder) -> subprocess.Popen[bytes]:
    """The engine in a new session: no hang-up of this terminal and no Ctrl+C typed here reaches it."""
    with folder.output.open("ab") as output:
        try:
            return subprocess.Popen(
                [sys.executable, "-m", "core.training", str(folder.path)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except OSError as error:
            folder.discard()
            raise FinetuiError("cannot start a process for the run", str(error), "train without --detach") from None


def _trains(state: RunState) -> bool:
    return state.training is not None or state.failed is not None or state.finished is not None
