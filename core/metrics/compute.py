"""Several metrics at once, as plain floats."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from core.metrics.collect import Collected
from core.metrics.names import KINDS

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
        predictions: one per row: class ids, numbers, texts or sequences of token ids; arrays or lists; rows of 0 and 1,
            one per class, for multi-label. For metrics of tags a list of tags per row, for those of answers a text.
        references: the same for the truth; for metrics of answers the list of all texts that are right.
        losses: for perplexity: mean losses, in nats per token.
        num_labels: how many classes there are, for the default average of f1, precision and recall.

    Raises:
        FinetuiError: a name is unknown, or compares labels and is given numbers.
        ValueError: predictions and references differ in length.
    """
    collected = Collected(names, num_labels)
    collected.add({} if predictions is None else dict.fromkeys(KINDS, (predictions, references)), losses)
    found = collected.result()
    for name, error in collected.failures.items():
        logger.warning("metric %s could not be computed: %s", name, error)
    return found
