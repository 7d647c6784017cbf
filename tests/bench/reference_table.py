"""What the reference bench has measured, as a table: nothing stands in it that was not."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import mean
from typing import Any

from tests.bench.reference_cases import CASES, Case
from tui.shell.summary import print_table

Entry = dict[str, Any]
HEADERS = ("task", "method", "data", "model", "metric", "ours", "plain script", "seeds", "minutes", "example")
BEGIN, END = "<!-- table: made by `python -m tests.bench.reference --table` -->\n", "<!-- end of table -->"
DECIMALS = {"loss": 3, "perplexity": 1}
"""Of every other figure four."""


def read(file: Path) -> list[Entry]:
    """The entries of a file; none where there is no file."""
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def is_of(entry: Entry, case: str, seed: int, side: str, tiny: bool) -> bool:
    return (entry["case"], entry["seed"], entry["side"], entry["tiny"]) == (case, seed, side, tiny)


def show(entries: Iterable[Entry], tiny: bool) -> None:
    """Every seed in a row of its own, for the terminal."""
    rows = []
    chosen = [entry for entry in entries if entry["tiny"] == tiny]
    for name, case in CASES.items():
        for seed in sorted({entry["seed"] for entry in chosen if entry["case"] == name}):
            for metric in case.figures:
                sides = [_of(chosen, name, side, seed) for side in ("ours", "plain")]
                if any(sides):
                    rows.append(
                        [
                            name,
                            str(seed),
                            metric,
                            *(_figure(metric, _values(side, metric)) for side in sides),
                            *(_minutes(side) for side in sides),
                        ]
                    )
    headers = ["case", "seed", "metric", "ours", "plain", "minutes", "plain minutes"]
    print_table(sys.stdout, headers, rows, right=headers[3:])


def markdown(entries: Iterable[Entry]) -> str:
    """The rows of the docs: the mean over the seeds, with the lowest and the highest."""
    chosen = [entry for entry in entries if not entry["tiny"]]
    lines = [f"| {' | '.join(HEADERS)} |", f"|{'---|' * len(HEADERS)}"]
    for case in CASES.values():
        ours, plain = (_of(chosen, case.name, side) for side in ("ours", "plain"))
        both = {entry["seed"] for entry in ours} & {entry["seed"] for entry in plain}
        if both:  # the same seeds on both sides: else their means say nothing of one another
            ours, plain = ([entry for entry in side if entry["seed"] in both] for side in (ours, plain))
            lines.append(f"| {' | '.join(_cells(case, ours, plain))} |")
    return "\n".join(lines)


def with_table(page: str, entries: Iterable[Entry]) -> str:
    """The page with the table of today between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{markdown(entries)}\n{END}{after}"


def _cells(case: Case, ours: list[Entry], plain: list[Entry]) -> list[str]:
    config = case.config()
    return [
        config.get("task", "sequence-classification"),
        _method(case, config),
        case.data,
        case.model,
        "<br>".join(case.figures),
        "<br>".join(_range(metric, _values(ours, metric)) for metric in case.figures),
        "<br>".join(_range(metric, _values(plain, metric)) for metric in case.figures)
        + ("" if case.script or not plain else " *"),
        str(len(ours)),
        f"{_minutes(ours)}, {ours[0]['device']}",
        f"[{case.example}](../examples/{case.example})",
    ]


def _method(case: Case, config: dict[str, Any]) -> str:
    """The name of the example of a method, which says more than its kind; else the kind."""
    if case.example.startswith("methods/"):
        return case.name
    kind: str = config.get("method", {}).get("kind", "full")
    return kind


def _of(entries: Iterable[Entry], case: str, side: str, seed: int | None = None) -> list[Entry]:
    return [
        entry
        for entry in entries
        if entry["case"] == case and entry["side"] == side and (seed is None or entry["seed"] == seed)
    ]


def _values(entries: list[Entry], metric: str) -> list[float]:
    return [entry["metrics"][metric] for entry in entries if metric in entry["metrics"]]


def _figure(metric: str, values: list[float]) -> str:
    return f"{mean(values):.{DECIMALS.get(metric, 4)}f}" if values else "not measured"


def _range(metric: str, values: list[float]) -> str:
    if len(values) < 2:
        return _figure(metric, values)
    lowest, highest = (_figure(metric, [value]) for value in (min(values), max(values)))
    return f"{_figure(metric, values)} ({lowest} to {highest})"


def _minutes(entries: list[Entry]) -> str:
    return f"{mean(entry['minutes'] for entry in entries):.1f}" if entries else "not measured"
