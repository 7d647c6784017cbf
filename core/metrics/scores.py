"""The figures themselves, over scikit-learn and scipy. NaN where one is not defined for its input."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def accuracy(predictions: Sequence[Any], references: Sequence[Any]) -> float:
    """Share of equal labels; of sets, as rows of one 0 or 1 per label, the share of those that agree as a whole."""
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(_array(references), _array(predictions))) if len(references) else math.nan


def per_class(
    name: str,
    predictions: Sequence[Any],
    references: Sequence[Any],
    average: str | None = None,
    num_labels: int | None = None,
) -> float:
    """f1, precision or recall.

    Args:
        average: binary (class 1 is the positive one), macro, micro or weighted; None: binary for two, else macro.
        num_labels: how many classes there are; None: as many as the labels show.

    Returns:
        NaN for a binary score that is 0/0, as precision is when no row was predicted positive, and for one of other
        labels than 0 and 1. In an average over classes a class that is 0/0 counts 0, as scikit-learn has it.
    """
    from sklearn import metrics

    if not len(references):
        return math.nan
    said, right = _array(predictions), _array(references)
    two = right.ndim == 1 and set(np.unique(references)) | set(np.unique(predictions)) <= {0, 1}
    if average is None:
        average = "binary" if two and num_labels in (None, 2) else "macro"
    if average == "binary" and not two:
        return math.nan
    score = {"f1": metrics.f1_score, "precision": metrics.precision_score, "recall": metrics.recall_score}[name]
    undefined = math.nan if average == "binary" else 0.0
    return float(score(right, said, average=average, zero_division=undefined))


def _array(labels: Sequence[Any]) -> NDArray[Any]:
    """Labels as scikit-learn takes them: it would take rows of 0 and 1 in a list for an old way to write sets."""
    return np.asarray(labels)


def matthews_correlation(predictions: Sequence[Any], references: Sequence[Any]) -> float:
    """Matthews' correlation, -1 to 1; 0 where one side is constant, its limit there."""
    from sklearn.metrics import matthews_corrcoef

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(matthews_corrcoef(references, predictions)) if len(references) else math.nan


def mse(predictions: Sequence[float], references: Sequence[float]) -> float:
    """Mean squared error."""
    difference = _floats(predictions) - _floats(references)
    return float(np.mean(difference**2)) if difference.size else math.nan


def mae(predictions: Sequence[float], references: Sequence[float]) -> float:
    """Mean absolute error."""
    difference = np.abs(_floats(predictions) - _floats(references))
    return float(np.mean(difference)) if difference.size else math.nan


def pearson(predictions: Sequence[float], references: Sequence[float]) -> float:
    """Pearson's correlation, -1 to 1; NaN for fewer than two rows or a constant side."""
    from scipy.stats import pearsonr

    return _correlation(pearsonr, predictions, references)


def spearman(predictions: Sequence[float], references: Sequence[float]) -> float:
    """Spearman's rank correlation, -1 to 1; NaN for fewer than two rows or a constant side."""
    from scipy.stats import spearmanr

    return _correlation(spearmanr, predictions, references)


def perplexity(losses: Sequence[float]) -> float:
    """exp of the mean loss (nats per token); infinite where that exceeds a float."""
    values = _floats(losses)
    with np.errstate(over="ignore"):
        return float(np.exp(np.mean(values))) if values.size else math.nan


def exact_match(predictions: Sequence[Any], references: Sequence[Any]) -> float:
    """Share of rows whose whole text, or whole sequence of token ids, is equal."""
    pairs = zip(predictions, references, strict=True)
    equal = [_plain(prediction) == _plain(reference) for prediction, reference in pairs]
    return sum(equal) / len(equal) if equal else math.nan


def _correlation(function: Any, predictions: Sequence[float], references: Sequence[float]) -> float:
    first, second = _floats(predictions), _floats(references)
    if first.size < 2 or not (np.isfinite(first).all() and np.isfinite(second).all()):
        return math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a constant side: the result is NaN, which says it
        return float(function(first, second).statistic)


def _floats(values: Sequence[float]) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else list(value) if isinstance(value, tuple) else value
