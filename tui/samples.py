"""The answers of a run's model over time, as rows and steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tui.text import one_line

if TYPE_CHECKING:
    from core.events import Sampled

CHANGED, RIGHT, WRONG = "→", "✓", "✗"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer; `changed` against the step before."""

    text: str
    probability: float | None
    correct: bool | None
    changed: bool

    @property
    def marks(self) -> str:
        """Changed and right or wrong, as two signs."""
        judged = {True: RIGHT, False: WRONG, None: " "}[self.correct]
        return (CHANGED if self.changed else " ") + judged

    @property
    def line(self) -> str:
        """Marks, answer and probability on one line."""
        share = "" if self.probability is None else f" {self.probability:.0%}"
        return f"{self.marks}{one_line(self.text) or '(empty)'}{share}"


@dataclass(slots=True)
class SampleRow:
    """One input, and what was answered at which step."""

    text: str
    expected: str | None
    answers: dict[int, Said] = field(default_factory=dict)


def rows_of(sampled: Iterable[Sampled]) -> list[SampleRow]:
    """Every input in the order of its first appearance. Of two samplings at one step the later counts."""
    found: dict[tuple[str, int], SampleRow] = {}
    for event in sampled:
        seen: dict[str, int] = {}
        for sample in event.samples:
            text = _input(sample)
            nth = seen[text] = seen.get(text, 0) + 1
            row = found.setdefault((text, nth), SampleRow(text, sample.get("expected")))
            _answer(row, event.step or 0, sample)
    return list(found.values())


def steps_of(rows: Iterable[SampleRow]) -> list[int]:
    """The steps at which anything was answered, in order."""
    return sorted({step for row in rows for step in row.answers})


def _input(sample: Mapping[str, Any]) -> str:
    pair = sample.get("pair")
    return str(sample.get("input", "")) + (f"\n{pair}" if pair is not None else "")


def _answer(row: SampleRow, step: int, sample: Mapping[str, Any]) -> None:
    text, share = str(sample.get("answer", "")), sample.get("probability")
    row.answers.pop(step, None)
    before = row.answers[max(row.answers)].text if row.answers else text
    row.answers[step] = Said(
        text, share if isinstance(share, float | int) else None, sample.get("correct"), text != before
    )
