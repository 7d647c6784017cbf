"""Prompt learning: tokens that are no text stand before every row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

Reduce = Callable[[Any, "torch.Tensor"], "torch.Tensor"]


def count(model: PreTrainedModel) -> int:
    """How many positions they take; 0 without prompt learning."""
    config: Any = getattr(model, "active_peft_config", None)
    return int(config.num_virtual_tokens) if config is not None and config.is_prompt_learning else 0


def aligned(model: PreTrainedModel, reduce: Reduce) -> Reduce:
    """`reduce` over logits that lie as the labels do.

    Soft prompts come out of the model as positions of their own: the logits are [batch, virtual + length, ...] where
    the labels are [batch, length].
    """
    if not count(model):
        return reduce

    def cut(logits: Any, labels: torch.Tensor) -> torch.Tensor:
        if isinstance(logits, tuple):
            return reduce((_last(logits[0], labels), *logits[1:]), labels)
        return reduce(_last(logits, labels), labels)

    return cut


def _last(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    if logits.dim() < 3 or labels.dim() < 2:
        return logits
    return logits[:, -labels.shape[1] :]
