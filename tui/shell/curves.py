"""What the learning curves of a run show, for `finetui show`. Needs no torch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core import events
from core.runs.state import LIVE, RunState, Status
from core.training.diagnosis import KINDS, VERDICTS, Finding, diagnose
from core.training.diagnosis.verdict import Verdict, verdict
from tui import advice_words
from tui.advice_words import SIGNS, TRY
from tui.text import one_line


def read_curves(state: RunState, status: Status) -> tuple[list[Finding], Verdict | None]:
    """The findings over the whole run, and the verdict on it once it is over."""
    total = state.training.total if state.training else None
    found = [finding for finding in diagnose(state.series, total) if finding.kind != "nan" or not _knows(state)]
    found += standing(state, found)
    found.sort(key=lambda finding: list(KINDS).index(finding.kind))
    return found, None if status in LIVE else verdict(state.series, total)


def _knows(state: RunState) -> bool:
    """The run itself said since when its loss is no number: it saw each step, not only those that were logged."""
    said = state.advice.get("nan")
    return said is not None and said.since is not None


def standing(state: RunState, findings: list[Finding]) -> list[Finding]:
    """What the run said to its last step and did not take back, where the whole curves do not show it.

    It knows more than they: what loss it had. An older version never took anything back.
    """
    shown = {finding.kind for finding in findings}
    return [
        Finding(said.kind, said.since, said.message.removeprefix(f"{KINDS[said.kind].title}: "))
        for said in state.advice.values()
        if said.since is not None and said.kind in KINDS and said.kind not in shown
        if not (said.kind in VERDICTS and shown & VERDICTS)
    ]


def overtaken(state: RunState, findings: list[Finding]) -> list[str]:
    """What was said while it trained and stands no longer: each finding once, a line each."""
    shown = {finding.kind for finding in findings}
    lines = advice_words.withdrawals(state.withdrawn)
    for said in state.advice.values():
        if said.kind not in shown:
            lines.append(f"step {said.step or 0}: {one_line(said.message)} (the whole curves do not show it)")
    return lines


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
                "hint": finding.hint(status in LIVE),
            }
            for finding in findings
        ],
        "verdict": events.finite({**asdict(judged), "longer_helps": judged.longer_helps}) if judged else None,
    }


def said(state: RunState) -> list[dict[str, Any]]:
    """All that was said while it trained, for `show --json`; `withdrawn` is the step, None of what stands."""
    all_of_it = [*((one.said, one.step) for one in state.withdrawn), *((said, None) for said in state.advice.values())]
    return [
        {"kind": one.kind, "step": one.step, "message": one.message, "hint": one.hint, "withdrawn": step}
        for one, step in all_of_it
    ]


def print_curves(state: RunState, status: Status) -> None:
    """What they show, the gravest first, what to try, and the verdict; then what was said on the way and withdrawn."""
    findings, judged = read_curves(state, status)
    if findings or judged:
        print("\nwhat the curves show")
    for finding in findings:
        since = "" if f"step {finding.step}" in finding.message else f" (since step {finding.step})"
        print(f"  {SIGNS[finding.severity]}{one_line(finding.sentence)}{since}")
        if hint := finding.hint(status in LIVE):
            print(f"    {TRY}{one_line(hint)}")
    sound = all(finding.severity != "error" for finding in findings)
    for sentence in judged.sentences(sound) if judged else []:
        print(f"  {one_line(sentence)}")
    if lines := overtaken(state, findings):
        print("\nsaid on the way, and no longer so")
        print("\n".join(f"  {line}" for line in lines))
