"""Several metrics over rows that come batch by batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from numbers import Real
from typing import Any

import numpy as np

from core.errors import FinetuiError
from core.metrics.loading import load
from core.metrics.names import PER_CLASS, TABLE, Kind

Pairs = Mapping[Kind, tuple[Any, Any]]
"""What metrics of each kind are given of some rows: predictions and references, of one length. The first kind is what
the task is about: a metric of one's own, and one from the Hub, get that."""


class Collected:
    """Metrics by name, each with what it was given so far: class ids, texts, ...; never the logits.

    Args:
        num_labels: how many classes there are, for the default average of f1, precision and recall.

    Attributes:
        failures: what a metric that is not built in raised; its figures are left out, and a run goes on.

    Raises:
        FinetuiError: a name is unknown.
    """

    def __init__(self, names: Sequence[str], num_labels: int | None = None) -> None:
        self._metrics = {name: load(name) for name in names}
        self._num_labels = num_labels
        self._given: set[str] = set()
        self.failures: dict[str, Exception] = {}

    def add(self, pairs: Pairs, losses: Any = None) -> None:
        """Take some rows.

        Args:
            losses: mean losses of batches, in nats per token, for perplexity.

        Raises:
            FinetuiError: a metric that compares labels is given numbers.
            ValueError: predictions and references differ in length.
        """
        for predictions, references in pairs.values():
            if len(predictions) != len(references):
                raise ValueError(f"{len(predictions)} predictions for {len(references)} references")
        for name, metric in self._metrics.items():
            declared = TABLE.get(name)
            if declared is not None and "losses" in declared.kinds:
                if losses is not None and len(losses):
                    metric.add_batch(losses=np.asarray(losses, dtype=np.float64))
                    self._given.add(name)
                continue
            kinds: Sequence[Kind] = declared.kinds if declared is not None else tuple(pairs)[:1]
            side = next((pairs[kind] for kind in kinds if kind in pairs), None)
            if side is None or not len(side[0]) or name in self.failures:
                continue
            if declared is not None:
                if "numbers" not in declared.kinds:
                    _refuse_numbers(name, *side)
                metric.add_batch(predictions=side[0], references=side[1])
            else:
                self._try(name, partial(metric.add_batch, predictions=side[0], references=side[1]))
            self._given.add(name)

    def result(self) -> dict[str, float]:
        """The figures that can be computed. What cannot be (0/0, NaN, infinity, no rows) is left out."""
        found: dict[str, float] = {}
        for name in self._metrics:
            values = self._values(name) if name in self._given and name not in self.failures else {}
            found |= {key: float(value) for key, value in values.items() if _is_figure(value)}
        return found

    def _values(self, name: str) -> Mapping[str, Any]:
        metric = self._metrics[name]
        if name in TABLE:
            options = {"num_labels": self._num_labels} if name in PER_CLASS else {}
            return metric.compute(**options) or {}
        return self._try(name, metric.compute) or {}

    def _try(self, name: str, call: Callable[[], Any]) -> Any:
        """A metric from elsewhere; its failure does not end a run."""
        try:
            return call()
        except Exception as error:
            self.failures[name] = error
            return None


def _refuse_numbers(name: str, *sides: Any) -> None:
    """A metric of labels would cut 0.9 to class 0 and report a figure."""
    for side in sides:
        if isinstance(side[0], (float, np.floating)) and not np.all(np.mod(side, 1) == 0):
            hint = "for numbers (regression) there are mse, mae, pearson and spearman"
            raise FinetuiError(f"{name} compares labels, but these are numbers", "metrics", hint, key="metrics")


def _is_figure(value: Any) -> bool:
    return isinstance(value, Real) and math.isfinite(value)
