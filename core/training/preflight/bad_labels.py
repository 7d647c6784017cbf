"""Rows whose labels no run can train on: all of them, where the engine refuses at the first kind."""

from __future__ import annotations

from collections.abc import Sequence

from core.config import RunConfig
from core.errors import BadRows, FinetuiError
from core.training import prepare
from core.training.preflight.findings import Finding, rows_of
from core.training.prepare import Checked


def usable(config: RunConfig) -> tuple[Checked | None, dict[str, list[int]], list[Finding]]:
    """The run without the rows that make it impossible, which rows of which split those are, and what is wrong.

    Returns:
        None instead of the run where it cannot start for another reason as well.

    Raises:
        FinetuiError: the run cannot start, and not because of single rows.
    """
    left_out: dict[str, list[int]] = {}
    findings: dict[tuple[str, str], Finding] = {}
    while True:
        try:
            return prepare.check(config, left_out), left_out, list(findings.values())
        except BadRows as bad:
            before = left_out.get(bad.split, [])
            rows = original(bad.rows, before)
            known = findings.get((bad.code, bad.split))
            message = bad.title
            if known is not None:
                rows, before = sorted({*rows, *known.rows}), [row for row in before if row not in set(known.rows)]
                message = f"{rows_of(len(rows))} have no label"
            findings[bad.code, bad.split] = Finding(bad.code, "error", bad.split, len(rows), message, bad.hint, rows)
            left_out[bad.split] = sorted({*before, *rows})
        except FinetuiError as error:
            if not findings:
                raise
            message = f"{error.title}: {error.detail}" if error.detail else error.title
            return None, left_out, [*findings.values(), Finding("cannot_start", "error", "", 0, message, error.hint)]


def original(rows: Sequence[int], left_out: Sequence[int]) -> list[int]:
    """Row numbers of a split from those of the split without `left_out`; both ascend."""
    found, shift = [], 0
    for row in rows:
        while shift < len(left_out) and left_out[shift] <= row + shift:
            shift += 1
        found.append(row + shift)
    return found
