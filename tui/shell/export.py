"""`finetui export`: a run as something that lives without finetui."""

from __future__ import annotations

from pathlib import Path

from core import config_file
from core.errors import FinetuiError
from core.runs import layout
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
        written = write_script(folder, to, style)
    print(written, file=streams.out, flush=True)
    return DONE


def write_script(folder: Path, to: Path, style: str | None = None) -> Path:
    """Write a run as a Python script, to a file or into a folder; where it is now.

    Raises:
        FinetuiError: the run cannot be written so.
    """
    from core.scripts import export

    config = config_file.load(folder / layout.CONFIG).config
    if style is not None and style not in export.STYLES:
        raise FinetuiError(f"there is no style {style}", "--style", f"it is one of {', '.join(export.STYLES)}")
    chosen = next((known for known in export.STYLES if known == style), None)
    return export.save(export.script(config, chosen), to, config.title)
