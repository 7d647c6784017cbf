"""A pre-flight in words: findings with their rows, and the cost as tables; for the screen and the shell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui.figures import duration, number, size

if TYPE_CHECKING:
    from core.training.preflight import Finding, Report

SHOWN_ROWS = 20
PARTS = {
    "weights": "weights",
    "gradients": "gradients",
    "optimizer": "optimizer",
    "activations": "activations",
    "heap": "gaps in the heap",
    "runtime": "Trainer, kernels",
}
"""Of the memory; what does not add to it is left out."""
LABELS = {
    "train_rows": "train rows",
    "eval_rows": "eval rows",
    "steps": "steps",
    "steps_per_epoch": "steps per epoch",
    "warmup_steps": "warm-up steps",
    "evaluations": "evaluations",
    "longest_row_tokens": "longest row, tokens",
    "parameters": "parameters",
    "trainable_parameters": "trained",
    "device": "device",
    "precision": "precision",
    "seconds_per_step": "a step, estimate",
    "estimated_seconds": "the run, estimate",
    "memory_free_bytes": "memory free",
    "memory_measured_bytes": "memory, measured",
    "process_bytes": "this process now",
}


def rows(numbers: Sequence[int]) -> str:
    """rows 1, 5, 9, ... : the first few."""
    if not numbers:
        return ""
    shown = ", ".join(str(number) for number in numbers[:SHOWN_ROWS])
    more = ", ..." if len(numbers) > SHOWN_ROWS else ""
    return f"row{'s' if len(numbers) > 1 else ''} {shown}{more}"


def about(finding: Finding) -> list[str]:
    """What stands under a finding: its rows, and what to do."""
    source = f"in the source: {rows(finding.source_rows)}" if finding.source_rows else ""
    return [line for line in (rows(finding.rows), source, finding.hint) if line]


def verdict(report: Report) -> str:
    """1 error to mend first · 2 warnings; ready to start · 2 warnings."""
    count = {kind: sum(item.severity == kind for item in report.findings) for kind in ("error", "warning")}
    parts = [f"{_counted(count['error'], 'error')} to mend first" if count["error"] else "ready to start"]
    if count["warning"]:
        parts.append(_counted(count["warning"], "warning"))
    return " · ".join(parts)


def figures(cost: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, figure) of all that is no part of the memory."""
    return [(label, _figure(name, cost[name])) for name, label in LABELS.items() if name in cost]


def memory(cost: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(part, bytes, number format) of the memory at its peak, the sum last; nothing where it is not known."""
    if "weights_bytes" not in cost:
        return []
    lines = [
        (said, size(cost[f"{name}_bytes"]), str(cost.get(f"{name}_dtype", "")))
        for name, said in PARTS.items()
        if cost.get(f"{name}_bytes")
    ]
    if "memory_bytes" in cost:
        together = ("the peak, estimate", size(cost["memory_bytes"]), "")
        if cost.get("device") != "cpu" or "process_bytes" not in cost:
            return [*lines, together]
        process = ("with this process", size(cost["process_bytes"] + cost["memory_bytes"]), "")
        return [*lines, together, process]
    return [*lines, ("activations", "not known", "")]


def _figure(name: str, value: Any) -> str:
    if name.endswith("_bytes"):
        return size(value)
    if name == "estimated_seconds":
        return duration(value)
    if name == "seconds_per_step":
        return f"{number(value)} s"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}"
