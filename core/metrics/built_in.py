"""The built-in metrics as `evaluate.Metric` objects that keep everything in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import evaluate
from datasets import Features, Value
from datasets import List as ListOf

from core.metrics import scores
from core.metrics.names import AVERAGES, PER_CLASS

_LABELS = [
    *(Features(predictions=Value(kind), references=Value(kind)) for kind in ("string", "int64")),
    Features(predictions=ListOf(Value("int64")), references=ListOf(Value("int64"))),
]
_NUMBERS = [Features(predictions=Value("float64"), references=Value("float64"))]
_LOSSES = [Features(losses=Value("float64"))]

_SPECS: dict[str, tuple[Callable[..., float], list[Features]]] = {
    "accuracy": (scores.accuracy, _LABELS),
    "matthews_correlation": (scores.matthews_correlation, _LABELS),
    "mse": (scores.mse, _NUMBERS),
    "mae": (scores.mae, _NUMBERS),
    "pearson": (scores.pearson, _NUMBERS),
    "spearman": (scores.spearman, _NUMBERS),
    "perplexity": (scores.perplexity, _LOSSES),
    "exact_match": (scores.exact_match, _LABELS),
}
for _name in PER_CLASS:
    _SPECS[_name] = partial(scores.per_class, _name), _LABELS
    for _average in AVERAGES:
        _SPECS[f"{_name}_{_average}"] = partial(scores.per_class, _name, average=_average), _LABELS


class InMemory(evaluate.Metric):  # type: ignore[misc]
    """A metric that writes no file and makes no folder, so that runs side by side cannot meet."""

    def __init__(self, name: str) -> None:
        super().__init__(keep_in_memory=True, seed=0)
        self.info.module_name = name

    def _build_data_dir(self) -> str:
        return ""  # the base class would make a folder in the cache


class BuiltIn(InMemory):
    """One figure over all rows."""

    def __init__(self, name: str) -> None:
        self._score, self._inputs = _SPECS[name]
        self._label = name
        super().__init__(name)

    def _info(self) -> evaluate.MetricInfo:
        about = (self._score.func if isinstance(self._score, partial) else self._score).__doc__ or ""
        return evaluate.MetricInfo(description=about, citation="", inputs_description=about, features=self._inputs)

    def _compute(self, **inputs: Any) -> dict[str, float]:
        return {self._label: self._score(**inputs)}
