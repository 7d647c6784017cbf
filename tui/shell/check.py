"""`finetui check`: what is wrong with a run before it starts, and what it will cost."""

from __future__ import annotations

import json as json_lib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import config_file
from core.errors import FinetuiError
from tui import terminal
from tui.figures import size
from tui.shell.errors import DONE, FAILED, located
from tui.shell.log import log_file
from tui.shell.streams import Streams
from tui.text import one_line

if TYPE_CHECKING:
    from core.training.preflight import Report

SIGNS = {"error": "error", "warning": "warning", "info": "note"}


def check(file: Path, settings: list[str], json: bool) -> int:
    """Look at data, model and settings without training. Returns 1 where a finding is an error."""
    loaded = config_file.load(file, settings)
    streams = Streams.take()
    with terminal.output_to(log_file()):
        from core.training import preflight

        try:
            report = preflight.check(loaded.config)
        except FinetuiError as error:
            raise located(error, loaded) from None
    if json:
        print(json_lib.dumps(report.to_dict(), ensure_ascii=False), file=streams.out, flush=True)
    else:
        _print(report, streams)
    return FAILED if report.failed else DONE


def _print(report: Report, streams: Streams) -> None:
    for finding in report.findings:
        where = f" ({finding.split})" if finding.split else ""
        print(f"{SIGNS[finding.severity]}: {one_line(finding.message)}{where}", file=streams.out)
        if finding.hint:
            print(f"  {one_line(finding.hint)}", file=streams.out)
    if not report.findings:
        print("nothing found that is wrong", file=streams.out)
    for name, value in report.cost.items():
        print(f"{name.removesuffix('_bytes').replace('_', ' '):<21}{_cost(name, value)}", file=streams.out)
    streams.out.flush()


def _cost(name: str, value: Any) -> str:
    if name.endswith("_bytes"):
        return size(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
