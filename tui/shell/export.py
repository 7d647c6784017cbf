"""`finetui export`: a run as something that lives without finetui."""

from __future__ import annotations

from pathlib import Path

from core.errors import FinetuiError
from core.runs.store import RunStore
from tui import terminal
from tui.shell.errors import DONE
from tui.shell.log import log_file
from tui.shell.streams import Streams


def export(run: str, to: Path, script: bool, style: str | None, runs: Path | None) -> int:
    """Write what is asked for to `to`. Returns the exit code."""
    if not script:
        raise FinetuiError(
            "nothing is asked for", "finetui export RUN DEST", "add --script: the run as a Python script"
        )
    streams = Streams.take()
    folder = RunStore.default(runs).find(run)
    with terminal.output_to(log_file()):
        from core.scripts.export import write

        written = write(folder, to, style)
    print(written, file=streams.out, flush=True)
    return DONE
