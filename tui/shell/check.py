"""`finetui check`: what is wrong with a run before it starts, and what it will cost."""

from __future__ import annotations

import contextlib
import json as json_lib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FinetuiError
from tui import preflight_words, terminal
from tui.shell import named_config
from tui.shell.errors import DONE, FAILED, located
from tui.shell.log import log_file
from tui.shell.streams import Streams
from tui.text import one_line

if TYPE_CHECKING:
    from core.training.preflight import Report

SIGNS = {"error": "error", "warning": "warning", "info": "note"}
Progress = Callable[[str, int, int, str], None]


def check(file: Path, settings: list[str], json: bool, trial: bool = True) -> int:
    """Look at data, model and settings without training. Returns 1 where a finding is an error."""
    loaded = named_config.load(file, settings)
    streams = Streams.take()
    with terminal.output_to(log_file()), _bar(streams) as progress:
        from core.training import preflight

        try:
            report = preflight.check(loaded.config, preflight.Watch(progress), trial)
        except FinetuiError as error:
            raise located(error, loaded) from None
    if json:
        print(json_lib.dumps(report.to_dict(), ensure_ascii=False), file=streams.out, flush=True)
    else:
        _print(report, streams)
    return FAILED if report.failed else DONE


@contextlib.contextmanager
def _bar(streams: Streams) -> Iterator[Progress]:
    """A bar on stderr where that is a terminal; else nothing is drawn."""
    if not streams.err.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda what, done, total, unit: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[figures]}", markup=False),
        console=Console(file=streams.err, stderr=True, highlight=False),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=4,
    )
    task = bar.add_task("looking", total=None, figures="")

    def progress(what: str, done: int, total: int, unit: str) -> None:
        figures = f"{done:,}/{total:,} {unit}s" if total else ""
        bar.update(task, description=one_line(what), completed=done, total=total or None, figures=figures)

    with bar:
        yield progress


def _print(report: Report, streams: Streams) -> None:
    def say(line: str = "") -> None:
        print(line, file=streams.out)

    for finding in report.findings:
        where = f" ({finding.split})" if finding.split else ""
        say(f"{SIGNS[finding.severity]}: {one_line(finding.message)}{where}")
        for line in preflight_words.about(finding):
            say(f"  {one_line(line)}")
    if not report.findings:
        say("nothing found that is wrong")
    say()
    for label, figure in preflight_words.figures(report.cost):
        say(f"{label:<20}{one_line(figure)}")
    table = preflight_words.memory(report.cost)
    if table:
        say("\nmemory at the peak")
    for part, count, dtype in table:
        say(f"{part:<20}{count:>12}  {dtype}".rstrip())
    say(f"\n{preflight_words.verdict(report)}")
    streams.out.flush()
