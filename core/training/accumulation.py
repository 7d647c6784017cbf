"""Gradient accumulation: what several batches add up to is what one big batch gives.

Measured in transformers 5.23: the Trainer counts the labels of all batches of a step and takes it that the model
divides by that count whenever its `forward` accepts `**kwargs`. Many do accept them and give the mean of their batch
all the same (the classifiers of BERT, its masked-LM head, BART): then loss and gradients are too large by the number of
batches. The mean of each batch times the share of the labels that it holds adds up to the mean over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from core.training.undisturbed import undisturbed

if TYPE_CHECKING:
    from torch import nn

Batch = TypeVar("Batch")
NOTICE = "the loss of this model is a mean per batch: with accumulation each counts by its labels"
TOLERANCE = 0.01
"""A loss that heeds the count is halved where the count is doubled."""


def ignores_count(loss: Callable[[Any], torch.Tensor], count: torch.Tensor, model: nn.Module) -> bool:
    """Whether the loss of a batch stays the same whatever count it is to be divided by.

    Found out by trying: in evaluation mode, without gradients; modes and random states are afterwards what they were.

    Args:
        loss: of one batch on the device, given the count of the labels of the step.
        count: a number of labels, a tensor of one number.
    """
    with undisturbed(model), torch.no_grad():
        return bool(torch.isclose(loss(count), loss(2 * count), rtol=TOLERANCE))


def to_try(batches: Sequence[Batch], count: Callable[[Sequence[Batch]], Any]) -> Batch | None:
    """The first batch that has a label: the loss of another is 0 / 0 whatever it is divided by; None where none has."""
    return next((batch for batch in batches if count([batch]) > 0), None)


def share(loss: torch.Tensor, part: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """The mean loss of a batch as its part of a step.

    A batch without a label has no mean (0 / 0), and no part: its gradients are those of 0.

    Args:
        part: labels of the batch, a tensor of one number.
        count: labels of the step.
    """
    return torch.where(part > 0, loss, loss.new_zeros(())) * (part / count)
