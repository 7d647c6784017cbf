"""The optimizer of our own loop: the one that the Trainer makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transformers import Trainer

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, TrainingArguments


def make(args: TrainingArguments, model: PreTrainedModel) -> torch.optim.Optimizer:
    """Over what is trained; biases and norms have no weight decay, embeddings no 8-bit state."""
    maker = object.__new__(Trainer)  # never initialized: it would seed, and move the model
    vars(maker).update(args=args, model=model, optimizer=None, optimizer_cls_and_kwargs=None)
    return maker.create_optimizer()
