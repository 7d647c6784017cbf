"""The built-in metrics as `evaluate.Metric` objects that keep everything in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import evaluate
from datasets import Features, Value
from datasets import List as ListOf

from core.metrics import scores, texts
from core.metrics.names import AVERAGES, PER_CLASS, TABLE

Score = Callable[..., float | dict[str, float]]

_CLASSES = [Features(predictions=Value(kind), references=Value(kind)) for kind in ("string", "int64")]
_LISTS = Features(predictions=ListOf(Value("int64")), references=ListOf(Value("int64")))
_LABELS = [*_CLASSES, _LISTS]
_NUMBERS = [Features(predictions=Value("float64"), references=Value("float64"))]
_LOSSES = [Features(losses=Value("float64"))]
_TEXTS = [Features(predictions=Value("string"), references=Value("string"))]


def _accuracy_f1(**inputs: Any) -> dict[str, float]:
    f1 = scores.per_class("f1", inputs["predictions"], inputs["references"], average="binary")
    return {"accuracy": scores.accuracy(**inputs), "f1": f1}


def _correlations(**inputs: Any) -> dict[str, float]:
    return {"pearson": scores.pearson(**inputs), "spearmanr": scores.spearman(**inputs)}


def _named(figure: str, score: Callable[..., float], **inputs: Any) -> dict[str, float]:
    return {figure: score(**inputs)}


_SPECS: dict[str, tuple[Score, list[Features]]] = {
    "accuracy": (scores.accuracy, _LABELS),
    "matthews_correlation": (scores.matthews_correlation, _CLASSES),
    "exact_match": (scores.exact_match, _LABELS),
    "mse": (scores.mse, _NUMBERS),
    "mae": (scores.mae, _NUMBERS),
    "pearson": (scores.pearson, _NUMBERS),
    "spearman": (scores.spearman, _NUMBERS),
    "perplexity": (scores.perplexity, _LOSSES),
    "bleu": (texts.bleu, _TEXTS),
    "chrf": (texts.chrf, _TEXTS),
    "rouge": (partial(texts.rouge, texts.ROUGE), _TEXTS),
    "glue/cola": (partial(_named, "matthews_correlation", scores.matthews_correlation), _CLASSES),
    "glue/mrpc": (_accuracy_f1, _CLASSES),
    "glue/qqp": (_accuracy_f1, _CLASSES),
    "glue/stsb": (_correlations, _NUMBERS),
}
_SPECS |= {name: (partial(texts.rouge, [name]), _TEXTS) for name in texts.ROUGE}
_SPECS |= {
    name: (partial(_named, "accuracy", scores.accuracy), _CLASSES)
    for name, metric in TABLE.items()
    if name.startswith("glue/") and metric.figures == ("accuracy",)
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
    """One figure over all rows, or several of one pass."""

    def __init__(self, name: str) -> None:
        texts.require(name)
        self._score, self._inputs = _SPECS[name]
        self._label = name
        super().__init__(name)

    def _info(self) -> evaluate.MetricInfo:
        about = TABLE[self._label].about
        return evaluate.MetricInfo(description=about, citation="", inputs_description=about, features=self._inputs)

    def _compute(self, **inputs: Any) -> dict[str, float]:
        found = self._score(**inputs)
        return dict(found) if isinstance(found, Mapping) else {self._label: found}
