"""`finetui show`: one run, from its folder. Needs no torch."""

from __future__ import annotations

import contextlib
import io
import json as json_lib
import sys
from pathlib import Path
from typing import Any

from core import events, yaml12
from core.errors import FinetuiError
from core.runs import layout
from core.runs.reader import RunReader
from core.runs.state import RunState
from core.runs.store import RunStore, RunSummary, summarize
from tui import advice_words, classes, machine_words
from tui.figures import duration, number, own, size
from tui.fold import folded
from tui.samples import SampleRow, rows_of
from tui.shell import curves
from tui.shell.errors import DONE
from tui.shell.runs import as_data
from tui.shell.summary import print_metrics, print_table
from tui.text import one_line, visible

MATRIX_SHOWN = 10
"""Of more classes the matrix does not fit into lines; `--json` has it, and the Monitor."""


def show(run: str | None, folder: Path | None, json: bool) -> int:
    """Print what there is to know of a run; the newest where none is named. Returns the exit code."""
    path = RunStore.default(folder).find(run)
    reader = RunReader(path)
    state = RunState()
    for event in reader.read_all():
        state.apply(event)
    if json:
        print(json_lib.dumps(_data(summarize(path), state, reader.skipped), ensure_ascii=False))
    else:
        _print(summarize(path), state, reader.skipped)
    return DONE


def _data(summary: RunSummary, state: RunState, skipped: list[str]) -> dict[str, Any]:
    return {
        **as_data(summary),
        "metrics": events.finite(state.metrics),
        "baselines": events.finite(state.baselines),
        "seconds": state.seconds,
        "time_spent": state.time_spent,
        "time_shares": {name: round(share, 4) for name, share in machine_words.shares(state.time_spent).items()},
        "process_memory_peak": state.peaks.process,
        "gpu_memory_peaks": state.peaks.gpus,
        "evaluations": [
            {"step": e.step, "epoch": e.epoch, "metrics": events.finite(e.metrics)} for e in state.evaluations
        ],
        "classes": classes.as_data(state.classes),
        "samples": [{"step": e.step, "epoch": e.epoch, "samples": events.finite(e.samples)} for e in state.samples],
        "checkpoints": [checkpoint.path for checkpoint in state.checkpoints],
        "advice": curves.said(state),
        "curves": curves.as_data(state, summary.status),
        "failure": _failure(state.failed),
        "skipped": skipped,
    }


def _failure(failed: events.RunFailed | None) -> dict[str, str] | None:
    if failed is None:
        return None
    return {
        "title": failed.title,
        "detail": failed.detail,
        "hint": failed.hint,
        "traceback": failed.traceback,
    }


def _print(summary: RunSummary, state: RunState, skipped: list[str]) -> None:
    print(summary.id)
    for name, value in _facts(summary, state):
        if value:
            print(folded(f"  {name:<12}{one_line(value)}", sys.stdout, deeper=12))
    if state.metrics:
        print()
        print_metrics(sys.stdout, state.metrics, state.baselines)
    if len(state.evaluations) > 1:
        print()
        _print_evaluations(state.evaluations)
    if state.classes is not None:
        _print_classes(state.classes)
    if state.samples:
        print(f"\nsamples at step {state.samples[-1].step or 0}")
        _print_samples(rows_of(state.samples), state.samples[-1].step or 0)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        curves.print_curves(state, summary.status)
    print(folded(said.getvalue(), sys.stdout), end="")
    if state.failed is not None:
        _print_failure(state.failed)
    for line in skipped:
        print(f"skipped: {one_line(line)}", file=sys.stderr)


def _facts(summary: RunSummary, state: RunState) -> list[tuple[str, str]]:
    provenance = _provenance(summary.path)
    return [
        ("status", _status(summary, state)),
        ("task", summary.task),
        ("model", summary.model),
        ("method", summary.method),
        ("device", str(provenance.get("device", ""))),
        ("precision", str(provenance.get("precision", ""))),
        ("steps", f"{summary.step} of {summary.total_steps}" if summary.total_steps else ""),
        ("time", duration(state.seconds)),
        ("spent on", machine_words.shares_text(state.time_spent)),
        ("peak memory", _peaks(state)),
        ("checkpoint", state.checkpoints[-1].path if state.checkpoints else ""),
        ("folder", str(summary.path)),
    ]


def _status(summary: RunSummary, state: RunState) -> str:
    status = summary.status.replace("_", " ")
    trouble = advice_words.no_number(state) if state.finished is not None else ""
    return f"{status}, but {trouble}" if trouble else status


def _provenance(run: Path) -> dict[str, Any]:
    """What the run's config says of its surroundings; empty where it cannot be read."""
    try:
        found = yaml12.read(run / layout.CONFIG).data.get("provenance")
    except FinetuiError:
        return {}
    return found if isinstance(found, dict) else {}


def _peaks(state: RunState) -> str:
    if state.peaks.process is None:
        return ""
    gpus = "".join(f", GPU {index} {size(peak)} in tensors" for index, peak in enumerate(state.peaks.gpus))
    return f"{size(state.peaks.process)}{gpus}"


def _print_evaluations(evaluations: list[events.Evaluated]) -> None:
    names = list(dict.fromkeys(name for event in evaluations for name in own(event.metrics)))
    headers = ["step", "epoch", *(name.removeprefix("eval_") for name in names)]
    rows = [
        [
            str(event.step or 0),
            "" if event.epoch is None else f"{event.epoch:.2f}",
            *(number(event.metrics[name]) if name in event.metrics else "" for name in names),
        ]
        for event in evaluations
    ]
    print_table(sys.stdout, headers, rows, right=headers)


def _print_classes(counted: events.ClassesCounted) -> None:
    print(f"\n{classes.heading(counted)}")
    rows = classes.rows_of(counted)
    names = [] if len(rows) > MATRIX_SHOWN else [f"→ {row.label}" for row in rows if row.taken]
    headers = ["class", "support", "precision", "recall", "F1", *names]
    cells = [[row.label, *row.figures, *(map(str.strip, row.counts) if names else [])] for row in rows]
    print_table(sys.stdout, headers, cells, right=headers[1:], cut=["class", *names])
    for true, said, count in classes.mistaken(rows):
        print(f"  {true} taken for {said}: {count:,}")


def _print_samples(rows: list[SampleRow], step: int) -> None:
    told = [row for row in rows if step in row.answers]
    cells = [[row.text, row.expected or "", row.answers[step].line] for row in told]
    print_table(sys.stdout, ["input", "expected", "answer"], cells, cut=["input", "expected", "answer"])


def _print_failure(failed: events.RunFailed) -> None:
    print(folded(f"\nfailed: {one_line(failed.title)}", sys.stdout))
    for line in (failed.detail, failed.hint):
        if line:
            print(folded(f"  {one_line(line)}", sys.stdout))
    if failed.traceback:
        print(visible(failed.traceback, keep="\n"))
