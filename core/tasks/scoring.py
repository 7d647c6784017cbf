"""The `compute_metrics` of a run: over all rows of an evaluation at once, or batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from core import metrics
from core.metrics.class_counts import ClassCounts
from core.tasks.arrays import array

if TYPE_CHECKING:
    from transformers import EvalPrediction

Reader = Callable[["EvalPrediction"], metrics.Pairs | None]
"""From what the model said of some elements to rows that can be scored; None where it said nothing that could be."""


class Scoring:
    """Called once with everything, or, under `training.batch_eval_metrics`, with each batch: the last one computes.

    One path for both: what is held between batches are the rows that metrics compare, never logits.

    Args:
        names: the metrics.
        reader: makes a new reader; each evaluation has its own, which may hold a row that goes on in the next batch.
        label_names: the classes that are counted; empty: none are.
        in_order: the reader knows the elements by their place in the dataset.

    Attributes:
        classes: of the evaluation that was computed last: the fields of a `ClassesCounted`, None without classes.
        failures: what metrics that are not built in raised in it.
    """

    def __init__(
        self,
        names: Sequence[str],
        reader: Callable[[], Reader],
        label_names: Sequence[str] = (),
        in_order: bool = False,
    ) -> None:
        self._names = names
        self._new_reader = reader
        self._labels = label_names
        self.in_order = in_order
        self.classes: dict[str, Any] | None = None
        self.failures: dict[str, Exception] = {}
        self.begin()

    def begin(self) -> None:
        """Forget what an evaluation that was broken off has left."""
        self._collected = metrics.Collected(self._names, len(self._labels) or None)
        self._counts = ClassCounts(self._labels)
        self._read = self._new_reader()
        self._fits = True

    def __call__(self, prediction: EvalPrediction, compute_result: bool = True) -> dict[str, float]:
        """Take what the model said; its figures once `compute_result` holds, else none."""
        pairs = self._read(prediction)
        if pairs is None:
            self._fits = False
        elif self._fits:
            losses = prediction.losses
            self._collected.add(pairs, None if losses is None else array(losses))
            for kind in ("labels", "hot"):
                if self._labels and kind in pairs:
                    self._counts.add(*pairs[kind])
        return self._result() if compute_result else {}

    def _result(self) -> dict[str, float]:
        found = self._collected.result() if self._fits else {}
        self.failures = self._collected.failures
        self.classes = self._counts.fields() if self._fits and self._counts.rows else None
        self.begin()
        return found
