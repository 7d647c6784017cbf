"""Prompt learning: tokens that are no text stand before every row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.methods import kinds

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

Reduce = Callable[[Any, "torch.Tensor"], "torch.Tensor"]


def passes_over(kind: str, peft_task_type: str | None) -> dict[str, str]:
    """What has no effect, or a wrong one, on a language model under this method: key of the config -> reason."""
    if peft_task_type != "CAUSAL_LM" or kind not in kinds.PROMPT_LEARNING:
        return {}
    reasons = {"training.label_smoothing_factor": f"the library does not see the kind of the model through {kind}"}
    if kind in kinds.SOFT_PROMPTS:
        reasons["loss"] = f"the virtual tokens of {kind} have logits, and no labels"
    return reasons


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
