"""A loss of a person's own, as a config names it."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import cross_entropy


def doubled(outputs: Any, labels: torch.Tensor, num_items_in_batch: torch.Tensor | None = None) -> torch.Tensor:
    """Twice the mean of the batch."""
    return 2 * cross_entropy(outputs["logits"].flatten(0, 1), labels.flatten())
