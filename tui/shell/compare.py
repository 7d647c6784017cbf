"""`finetui compare`: final metrics and config differences of several runs, side by side. Needs no torch."""

from __future__ import annotations

import json as json_lib
import sys
from collections.abc import Sequence
from pathlib import Path

from core import events
from core.errors import FinetuiError
from core.events import finite
from core.runs import by_hand
from core.runs import compare as runs_compared
from core.runs.history import History
from core.runs.store import RunStore, RunSummary, summarize
from tui.figures import number, own
from tui.fold import width_of
from tui.shell.errors import DONE
from tui.shell.runs import as_data
from tui.shell.side_by_side import Group, drawn


def compare(runs: Sequence[str], folder: Path | None, json: bool) -> int:
    """Print what sets these runs apart. Returns the exit code.

    Raises:
        FinetuiError: fewer than two runs, one named twice, or a name that no run fits.
    """
    store = RunStore.default(folder)
    paths = list(dict.fromkeys(store.find(run) for run in runs))
    if len(paths) < 2:
        raise FinetuiError("nothing to compare", f"{len(paths)} run named", "name two runs or more: finetui runs")
    summaries = [summarize(path) for path in paths]
    configs = runs_compared.differences(runs_compared.read_configs(paths))
    differing = by_hand.differences(configs, [_commands(path) for path in paths])
    if json:
        data = {"runs": [as_data(summary) for summary in summaries], "differences": finite(differing)}
        print(json_lib.dumps(data, ensure_ascii=False, default=str))
        return DONE
    groups = [
        Group("", _standing(summaries)),
        Group("metrics", _metric_rows(summaries)),
        Group("config", _config_rows(differing)),
    ]
    print("\n".join(drawn(column_names(summaries), groups, width_of(sys.stdout))))
    if not configs:
        print("their configs are equal")
    return DONE


def _commands(run: Path) -> list[events.CommandTaken]:
    history = History(run)
    history.replay()
    return history.state.commands


def column_names(summaries: Sequence[RunSummary]) -> list[str]:
    """The runs' names; their folders' where two have the same."""
    names = [summary.name for summary in summaries]
    return [summary.id if names.count(summary.name) > 1 else summary.name for summary in summaries]


def _standing(summaries: Sequence[RunSummary]) -> list[tuple[str, list[str]]]:
    return [
        ("status", [summary.status.replace("_", " ") for summary in summaries]),
        ("step", [f"{summary.step:,}" for summary in summaries]),
    ]


def _metric_rows(summaries: Sequence[RunSummary]) -> list[tuple[str, list[str]]]:
    """The final metrics of the runs; one that a run does not have is an empty cell."""
    metrics = [own(summary.metrics) for summary in summaries]
    names = dict.fromkeys(name for found in metrics for name in found)
    return [
        (name.removeprefix("eval_"), [number(found[name]) if name in found else "" for found in metrics])
        for name in names
    ]


def _config_rows(differing: dict[str, list[object]]) -> list[tuple[str, list[str]]]:
    return [(key, [runs_compared.written(value) for value in values]) for key, values in differing.items()]
