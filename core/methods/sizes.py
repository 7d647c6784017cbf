"""How many parameters there are, and how many of them are trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Size:
    """Parameters of a model, those of its adapter included."""

    trainable: int
    total: int

    def __str__(self) -> str:
        share = f" ({self.trainable / self.total:.2%})" if self.trainable < self.total else ""
        return f"{self.trainable:,} of {self.total:,} parameters trained{share}"


def size(model: PreTrainedModel) -> Size:
    """The parameters of a model, wherever it lies: on the meta device it needs no weights."""
    total = trainable = 0
    for parameter in model.parameters():
        total += parameter.numel()
        trainable += parameter.numel() if parameter.requires_grad else 0
    return Size(trainable, total)
