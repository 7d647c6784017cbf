"""`finetui runs`: the runs of a folder in a table. Needs no torch."""

from __future__ import annotations

import json as json_lib
import sys
from dataclasses import asdict
from pathlib import Path

from core.events import finite
from core.runs.store import RunStore, RunSummary
from tui.figures import number, own
from tui.shell.errors import DONE
from tui.shell.summary import print_table

METRICS = 2
"""Metrics shown of each run; `show` has them all."""


def list_runs(folder: Path | None, json: bool) -> int:
    """List every run, newest first. Returns the exit code."""
    store = RunStore.default(folder)
    found = store.list()
    if json:
        print(json_lib.dumps([as_data(summary) for summary in found], ensure_ascii=False))
    elif found:
        headers = ["run", "status", "step", "metrics", "model"]
        rows = [_row(summary) for summary in found]
        print_table(sys.stdout, headers, rows, right=["step"], cut=["metrics", "model"])
    else:
        print(f"no runs in {store.root}; start one: finetui demo", file=sys.stderr)
    return DONE


def as_data(summary: RunSummary) -> dict[str, object]:
    """A summary as plain JSON data; NaN and infinity as strings, as in events.jsonl."""
    return {"id": summary.id, **finite(asdict(summary) | {"path": str(summary.path)})}


def _row(summary: RunSummary) -> list[str]:
    return [
        summary.id,
        summary.status.replace("_", " "),
        f"{summary.step}/{summary.total_steps}" if summary.total_steps else "",
        main_metrics(summary.metrics),
        summary.model,
    ]


def main_metrics(metrics: dict[str, float]) -> str:
    """The first metrics that are not the loss, or the loss where it is all there is."""
    names = [name for name in own(metrics) if name.startswith("eval_")]
    chosen = [name for name in names if name != "eval_loss"][:METRICS] or names
    return ", ".join(f"{name.removeprefix('eval_')} {number(metrics[name])}" for name in chosen)
