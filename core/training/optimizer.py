"""The optimizer of our own loop, as the Trainer makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import Trainer

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, TrainingArguments


def make(args: TrainingArguments, model: PreTrainedModel) -> torch.optim.Optimizer:
    """Over what is trained; biases and norms have no weight decay."""
    kind, options = Trainer.get_optimizer_cls_and_kwargs(args, model)
    # Of the Trainer it takes nothing but its module's helpers.
    decayed = set(Trainer.get_decay_parameter_names(None, model))  # type: ignore[arg-type]
    trained = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [weight for name, weight in trained if name in decayed], "weight_decay": args.weight_decay},
        {"params": [weight for name, weight in trained if name not in decayed], "weight_decay": 0.0},
    ]
    found: torch.optim.Optimizer = kind(groups, **options)
    return found
