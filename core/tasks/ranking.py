"""What embeddings find: cosines of pairs, and the texts that come nearest to each anchor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics.retrieval import DEEPEST

BLOCK = 1024
"""Anchors that are compared at a time."""


def cosines(embeddings: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Of the first two texts of each row: [rows, texts, dimensions] -> [rows]."""
    unit = _unit(embeddings)
    found: NDArray[np.float64] = np.sum(unit[:, 0] * unit[:, 1], axis=-1, dtype=np.float64)
    return found


def rank(
    embeddings: NDArray[np.floating[Any]], texts: Sequence[Sequence[Sequence[int]]] | None = None
) -> tuple[list[list[int]], list[list[int]]]:
    """The candidates that come nearest to each anchor, and those that are right.

    Candidates are all positives and negatives of the split. Right is the positive of the row, and whichever candidate
    is the same text.

    Args:
        embeddings: [rows, texts, dimensions]: the anchor, the positive, and a negative where there is one.
        texts: token ids of the positives of all rows, then of the negatives; None: no two are the same.

    Returns:
        per row the DEEPEST nearest candidates, the nearest first; and all that are right.
    """
    unit = _unit(embeddings)
    anchors, candidates = unit[:, 0], np.concatenate(list(unit[:, 1:].transpose(1, 0, 2)))
    shown = min(DEEPEST, len(candidates))
    nearest: list[list[int]] = []
    for begin in range(0, len(anchors), BLOCK):
        near = -(anchors[begin : begin + BLOCK] @ candidates.T)
        near[np.isnan(near)] = np.inf
        best = np.sort(np.argpartition(near, shown - 1, axis=1)[:, :shown], axis=1)
        order = np.argsort(np.take_along_axis(near, best, axis=1), axis=1, kind="stable")
        nearest += np.take_along_axis(best, order, axis=1).tolist()
    if texts is None:
        return nearest, [[row] for row in range(len(anchors))]
    same: dict[tuple[int, ...], list[int]] = {}
    flat = [tuple(ids) for side in texts for ids in side]
    for number, ids in enumerate(flat):
        same.setdefault(ids, []).append(number)
    return nearest, [same[ids] for ids in flat[: len(anchors)]]


def _unit(embeddings: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    length = np.linalg.norm(embeddings, axis=-1, keepdims=True)
    found: NDArray[np.floating[Any]] = embeddings / np.maximum(length, 1e-12)
    return found
