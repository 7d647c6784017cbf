"""From start and end logits to the likeliest answers, and these as stretches of their context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.predictions import Span
from core.tasks.windows import NULL, OUTSIDE

BEST = 20
"""Starts and ends that are combined per window; answers that are kept per row."""
LONGEST = 30
"""Tokens of the longest answer: as in the evaluation scripts for SQuAD."""

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """The characters `start` to `end` of the context; both 0: no answer. `score` is start logit plus end logit."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Scored:
    """A window with the model's output, each [length]: logits, and the characters of the context (else OUTSIDE)."""

    start_logits: Floats
    end_logits: Floats
    starts: Places
    ends: Places


def ranked(windows: Sequence[Scored], null: bool) -> list[Candidate]:
    """The likeliest answers over all windows of a row, the likeliest first; never empty where `null` holds.

    Args:
        null: whether there may be no answer. Its score is the least of its scores over the windows: one window
            that holds an answer is enough.
    """
    best: dict[tuple[int, int], float] = {}
    for window in windows:
        for found in _of_window(window):
            place = found.start, found.end
            best[place] = max(found.score, best.get(place, found.score))
    candidates = [Candidate(start, end, score) for (start, end), score in best.items()]
    if null:
        least = min(float(window.start_logits[NULL] + window.end_logits[NULL]) for window in windows)
        candidates.append(Candidate(0, 0, least))
    return sorted(candidates, key=lambda candidate: -candidate.score)[:BEST]


def shares(candidates: Sequence[Candidate]) -> list[float]:
    """The probability of each among them: the softmax of their scores."""
    scores = np.array([candidate.score for candidate in candidates], dtype=np.float64)
    if not scores.size:
        return []
    weights = np.exp(scores - scores.max())
    found: list[float] = (weights / weights.sum()).tolist()
    return found


def span(context: str, found: Candidate, share: float) -> Span:
    """The answer's own characters, without the spaces that some tokens have in front."""
    text = context[found.start : found.end]
    start = found.start + len(text) - len(text.lstrip())
    return Span(text.strip(), start, start + len(text.strip()), share)


def _of_window(window: Scored) -> list[Candidate]:
    places = np.flatnonzero(window.starts != OUTSIDE)
    if not places.size:
        return []
    firsts, lasts = (_highest(logits, places) for logits in (window.start_logits, window.end_logits))
    length = lasts[None, :] - firsts[:, None]
    scores = window.start_logits[firsts][:, None] + window.end_logits[lasts][None, :]
    rows, columns = np.nonzero((length >= 0) & (length < LONGEST))
    found = zip(
        window.starts[firsts[rows]].tolist(),
        window.ends[lasts[columns]].tolist(),
        scores[rows, columns].tolist(),
        strict=True,
    )
    return [Candidate(start, end, score) for start, end, score in found if end > start]


def _highest(logits: Floats, places: Places) -> Places:
    count = min(BEST, places.size)
    chosen: Places = places[np.argpartition(-logits[places], count - 1)[:count]]
    return chosen
