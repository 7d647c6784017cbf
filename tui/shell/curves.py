"""What the learning curves of a run show, for `finetui show`. Needs no torch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core import events
from core.runs.state import LIVE, RunState, Status
from core.training.diagnosis import Finding, diagnose
from core.training.diagnosis.verdict import Verdict, verdict
from tui.text import one_line


def read_curves(state: RunState, status: Status) -> tuple[list[Finding], Verdict | None]:
    """The findings over the whole run, and the verdict on it once it is over."""
    total = state.training.total if state.training else None
    return diagnose(state.series, total), None if status in LIVE else verdict(state.series, total)


def as_data(state: RunState, status: Status) -> dict[str, Any]:
    """For `show --json`."""
    findings, judged = read_curves(state, status)
    return {
        "findings": [
            {
                "kind": finding.kind,
                "severity": finding.severity,
                "step": finding.step,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in findings
        ],
        "verdict": events.finite({**asdict(judged), "longer_helps": judged.longer_helps}) if judged else None,
    }


def print_curves(state: RunState, status: Status) -> None:
    """What they show, what to try, and the verdict; then what was said while it trained and is so no more."""
    findings, judged = read_curves(state, status)
    if findings or judged:
        print("\nwhat the curves show")
    for finding in findings:
        since = "" if f"step {finding.step}" in finding.message else f" (since step {finding.step})"
        print(f"  {one_line(finding.sentence)}{since}\n    try: {one_line(finding.hint)}")
    for sentence in judged.sentences() if judged else []:
        print(f"  {one_line(sentence)}")
    shown = {finding.kind for finding in findings}
    for advice in state.advice:
        if advice.kind not in shown:
            print(f"\nadvice: {one_line(advice.message)}\n  {one_line(advice.hint)}".rstrip())
