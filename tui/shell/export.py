"""`finetui export`: a run as something that lives without finetui."""

from __future__ import annotations

from pathlib import Path

from core.errors import FinetuiError
from core.runs.store import RunStore
from tui import terminal
from tui.shell.errors import DONE
from tui.shell.log import log_file
from tui.shell.streams import Streams


def export(run: str, to: Path, merge: bool, script: bool, style: str | None, trust: bool, runs: Path | None) -> int:
    """Write the run's model, or its script, to `to`. Returns the exit code."""
    if script and merge:
        raise FinetuiError("a script is not merged", "--script --merge", "leave one of them out")
    if style is not None and not script:
        raise FinetuiError("only a script has a style", f"--style {style}", "add --script")
    if to.suffix == ".py" and not script:
        raise FinetuiError("a model is written into a folder", str(to), "add --script, or name a folder")
    streams = Streams.take()
    folder = RunStore.default(runs).find(run)
    with terminal.output_to(log_file()):
        if script:
            from core.scripts.export import write

            written = write(folder, to, style)
        else:
            from core.sharing import folder as sharing

            written = sharing.write(folder, to, merge, trust)
    print(written, file=streams.out, flush=True)
    return DONE
