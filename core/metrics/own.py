"""A metric of one's own: a function of predictions and references."""

from __future__ import annotations

from typing import Any

import numpy as np

from core import user_code
from core.errors import FinetuiError


class OwnMetric:
    """Takes rows as an `evaluate.Metric` does, and hands all of them to the function at once.

    The function gets two lists of one length, of what the task compares (see docs/metrics.md), and gives a number, or
    a dict of name -> number. It is not tried on made-up rows: what is right for them says nothing of the real ones.
    """

    def __init__(self, name: str) -> None:
        self._function = user_code.load(name, "metrics")
        self.name = name
        self._figure = name.rpartition(":")[2]
        if not user_code.takes(self._function, 2):
            raise FinetuiError(
                f"{self._figure} does not take (predictions, references)",
                f"metrics: {name}",
                f"write it as def {self._figure}(predictions, references): ...",
                key="metrics",
            )
        self._predictions: list[Any] = []
        self._references: list[Any] = []

    def add_batch(self, *, predictions: Any, references: Any) -> None:
        """Keep these rows."""
        self._predictions += _plain(predictions)
        self._references += _plain(references)

    def compute(self) -> dict[str, float]:
        """What the function says of all rows so far, which are forgotten.

        Raises:
            FinetuiError: it gives neither a number nor a dict of numbers.
            Exception: whatever it raises.
        """
        given = self._predictions, self._references
        self._predictions, self._references = [], []
        found = self._function(*given)
        figures = found if isinstance(found, dict) else {self._figure: found}
        try:
            return {str(name): float(value) for name, value in figures.items()}
        except (TypeError, ValueError) as error:
            shown = f"it gave {found!r}"[:200]
            raise FinetuiError(
                f"{self._figure} gives no number", shown, "return a number, or a dict of numbers", key="metrics"
            ) from error


def _plain(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)
