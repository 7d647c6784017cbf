"""Several metrics at once, as plain floats."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from core.errors import FinetuiError
from core.metrics.loading import load
from core.metrics.names import BUILT_IN, OF_ANSWERS, OF_LABELS, OF_RANKINGS, OF_TAGS, PER_CLASS

logger = logging.getLogger(__name__)


def compute(
    names: Sequence[str],
    predictions: Any = None,
    references: Any = None,
    *,
    losses: Any = None,
    num_labels: int | None = None,
) -> dict[str, float]:
    """The metrics that can be computed, by name. What cannot be (0/0, NaN, infinity, no rows) is left out.

    Args:
        predictions: one per row: class ids, numbers, texts or sequences of token ids; arrays or lists. For metrics of
            tags a list of tags per row, for those of answers a text.
        references: the same for the truth; for metrics of answers the list of all texts that are right.
        losses: for perplexity: mean losses, in nats per token.
        num_labels: how many classes there are, for the default average of f1, precision and recall.

    Raises:
        FinetuiError: a name is unknown, or compares labels and is given numbers.
        ValueError: predictions and references differ in length.
    """
    if predictions is not None and len(predictions) != len(references):
        raise ValueError(f"{len(predictions)} predictions for {len(references)} references")
    found: dict[str, float] = {}
    for name in names:
        metric = load(name)
        if name == "perplexity":
            values = metric.compute(losses=losses) if losses is not None and len(losses) else {}
        elif predictions is None or not len(predictions):
            values = {}
        elif name in (*OF_TAGS, *OF_ANSWERS, *OF_RANKINGS):
            values = metric.compute(predictions=predictions, references=references)
        elif name in BUILT_IN:
            if name in OF_LABELS:
                _refuse_numbers(name, predictions, references)
            options = {"num_labels": num_labels} if name.partition("_")[0] in PER_CLASS else {}
            values = metric.compute(predictions=predictions, references=references, **options)
        else:
            values = _compute_other(metric, name, predictions, references)
        found |= {key: float(value) for key, value in values.items() if _is_figure(value)}
    return found


def _refuse_numbers(name: str, *sides: Any) -> None:
    """A metric of labels would cut 0.9 to class 0 and report a figure."""
    import numpy as np

    for side in sides:
        if isinstance(side[0], (float, np.floating)) and not np.all(np.mod(side, 1) == 0):
            hint = "for numbers (regression) there are mse, mae, pearson and spearman"
            raise FinetuiError(f"{name} compares labels, but these are numbers", "metrics", hint)


def _compute_other(metric: Any, name: str, predictions: Any, references: Any) -> dict[str, Any]:
    """A metric from elsewhere; its failure does not end a run."""
    try:
        return metric.compute(predictions=predictions, references=references) or {}
    except Exception as error:
        logger.warning("metric %s could not be computed: %s", name, error)
        return {}


def _is_figure(value: Any) -> bool:
    return isinstance(value, Real) and math.isfinite(value)
