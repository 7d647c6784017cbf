"""How often each class was right, taken for another, and was there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.events import CLASSES_SHOWN


class ClassCounts:
    """Counts over rows that come batch by batch; memory is that of the matrix, whatever the number of rows.

    Args:
        names: the classes in the order of their ids.

    Attributes:
        rows: how many were counted.
    """

    def __init__(self, names: Sequence[str]) -> None:
        count = len(names)
        self._names = names
        self._matrix = np.zeros((count, count), dtype=np.int64) if count <= CLASSES_SHOWN else None
        self._support, self._predicted, self._right = np.zeros((3, count), dtype=np.int64)
        self.rows = 0

    def add(self, predictions: Any, references: Any) -> None:
        """Take class ids [rows], or 0 and 1 per class [rows, classes] (multi-label: then there is no matrix)."""
        guess, truth = np.asarray(predictions, dtype=np.int64), np.asarray(references, dtype=np.int64)
        if not len(truth):
            return
        self.rows += len(truth)
        if truth.ndim == 2:
            self._matrix = None
            self._support += truth.sum(axis=0)
            self._predicted += guess.sum(axis=0)
            self._right += (truth & guess).sum(axis=0)
            return
        count = len(self._names)
        self._support += np.bincount(truth, minlength=count)
        self._predicted += np.bincount(guess, minlength=count)
        self._right += np.bincount(truth[guess == truth], minlength=count)
        if self._matrix is not None:
            np.add.at(self._matrix, (truth, guess), 1)

    def fields(self) -> dict[str, Any]:
        """The fields of a `ClassesCounted`: of many classes only the most frequent."""
        chosen = list(range(len(self._names)))
        if len(chosen) > CLASSES_SHOWN:
            chosen = np.argsort(-self._support, kind="stable")[:CLASSES_SHOWN].tolist()
        return {
            "labels": [str(self._names[index])[:200] for index in chosen],
            "support": self._support[chosen].tolist(),
            "predicted": self._predicted[chosen].tolist(),
            "correct": self._right[chosen].tolist(),
            "matrix": self._matrix.tolist() if self._matrix is not None else [],
            "classes": len(self._names),
        }
