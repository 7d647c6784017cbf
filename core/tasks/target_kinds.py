"""What kind of text the targets are, by their words: it says what they are scored by."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any, Literal

from core.errors import FinetuiError
from core.metrics import texts

Kind = Literal["short", "summary", "text"]
"""Another answer than a short one is wrong; a summary is of a longer text; a text is what is left: a translation."""

LOOK = 200
"""Rows that are read to see what kind of task it is."""
SHORT = 3.0
"""Words of a target, on average, up to which another answer than the right one is wrong."""
SUMMARY = 3.0
"""Words of a source for each word of its target, on average, from which on the target is a summary."""
METRICS: dict[Kind, list[str]] = {
    "short": ["exact_match"],
    "summary": ["rouge1", "rouge2", "rougeL"],
    "text": ["bleu", "chrf"],
}


def of(sources: Sequence[Any], targets: Sequence[Any]) -> Kind:
    """The kind of some targets."""
    read, written = (fmean(len(str(text or "").split()) for text in column) for column in (sources, targets))
    return "short" if written <= SHORT else "summary" if read >= SUMMARY * written else "text"


def metrics(kind: Kind) -> list[str]:
    """What targets of a kind are scored by where nobody says otherwise."""
    try:
        texts.require(METRICS[kind][0])
    except FinetuiError:  # an extra: a run that names no metrics does not need it
        return ["exact_match"]
    return METRICS[kind]
