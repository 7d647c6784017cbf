"""Losses other than the model's own: class weights, or a function that the config names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.nn import functional

from core.errors import FinetuiError
from core.tasks.base import first
from core.tasks.label_view import IGNORED
from core.training import class_weights
from core.training.own_loss import OwnLoss

if TYPE_CHECKING:
    from datasets import Dataset

    from core.config import RunConfig
    from core.tasks.base import Task


class Loss(Protocol):
    """What the Trainer calls `compute_loss_func`."""

    def __call__(self, outputs: Any, labels: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """The loss of a batch, a tensor of one number.

        Args:
            outputs: of the model, which was given no labels.
            num_items_in_batch: how many labels all batches of the step have that are not IGNORED.
        """


class WeightedCrossEntropy:
    """Cross entropy where each label counts by the weight of its class.

    The sum over the labels, divided by the sum of their weights, as in `torch.nn.CrossEntropyLoss(weight)`. With
    gradient accumulation the weights of the whole step are summed.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = torch.tensor(weights, dtype=torch.float32)

    def count(self, batches: Sequence[Mapping[str, Any]]) -> torch.Tensor:
        """The sum of the weights of all labels: what stands in for `num_items_in_batch`."""
        labels = [batch["labels"] for batch in batches]
        weights = self._weights.to(labels[0].device)
        return torch.stack([weights[part[part != IGNORED]].sum() for part in labels]).sum()

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        logits = outputs["logits"] if isinstance(outputs, dict) else first(outputs)
        logits = logits.float().view(-1, len(self._weights))
        weights = self._weights.to(logits.device)
        loss = functional.cross_entropy(logits, labels.view(-1), weights, ignore_index=IGNORED, reduction="sum")
        return loss / (self.count([{"labels": labels}]) if num_items_in_batch is None else num_items_in_batch)


def settle(config: RunConfig, task: Task, train: Dataset) -> tuple[RunConfig, Loss | None]:
    """The config with its class weights spelled out, and the loss that it asks for; None where that is the model's own.

    Raises:
        FinetuiError: the loss does not fit the task or another setting, or the function cannot be had.
    """
    if config.loss is None and config.class_weights is None:
        return config, None
    key = "loss" if config.loss is not None else "class_weights"
    if config.loss is not None and config.class_weights is not None:
        hint = "weight the classes in your own function"
        raise FinetuiError(
            "a loss of your own takes no class weights", "loss and class_weights", hint, key="class_weights"
        )
    if config.training.label_smoothing_factor:
        where = f"{key} and training.label_smoothing_factor"
        raise FinetuiError("label smoothing is part of the library's own loss", where, "leave one of them out", key=key)
    config = class_weights.settle(config, task, train)
    if isinstance(config.class_weights, dict):
        return config, WeightedCrossEntropy([config.class_weights[name] for name in task.label_names])
    assert config.loss is not None
    _refuse_other_losses(config, task)
    loss = OwnLoss(config.loss)
    task.notes.append(f"the loss is {config.loss}: code of your own, run with every batch")
    if config.training.arguments().get("predict_with_generate"):
        task.notes.append("with predict_with_generate the loss of an evaluation is the model's own, not yours")
    return config, loss


def _refuse_other_losses(config: RunConfig, task: Task) -> None:
    from transformers import Trainer

    reason = task.why_no_loss
    if task.trainer_class().compute_loss is not Trainer.compute_loss:
        reason = f"{task.trainer_class().__name__} has a loss of its own"
    if reason:
        raise FinetuiError(
            f"{config.task} takes no loss of yours", reason, "leave `loss` out, or choose another task", key="loss"
        )
