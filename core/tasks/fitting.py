"""Whether the head of a checkpoint fits a task that is bound to its data: before any weights are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from core.tasks.base import Task


BOTH_WAYS = ("xlnet",)
"""It writes, and yet each token sees all others unless the call says which it may."""


def check_head(architecture: PreTrainedConfig, task: Task) -> list[str]:
    """Hold the labels of the data against those that the checkpoint's head was trained on.

    Returns:
        What there is to know, as lines for people.

    Raises:
        FinetuiError: they are the same in another order: the head would begin with its classes mixed up.
    """
    ending = task.auto_class.removeprefix("AutoModel")
    trained = any(name.endswith(ending) for name in architecture.architectures or ())
    if not trained or not task.label_names:
        return []
    known = [str(name) for _, name in sorted((architecture.id2label or {}).items())]
    if known == task.label_names or all(name.startswith("LABEL_") for name in known):
        same = len(known) == len(task.label_names)
        return [] if same else [_anew(len(known), len(task.label_names))]
    if sorted(known) == sorted(task.label_names):
        raise FinetuiError(
            "the checkpoint's head has the same labels in another order",
            f"its own: {', '.join(known)}; of the data: {', '.join(task.label_names)}",
            f"set data.labels: [{', '.join(known)}]",
            key="data.labels",
        )
    if len(known) != len(task.label_names):
        return [_anew(len(known), len(task.label_names))]
    return [f"the checkpoint's head was trained on other labels ({', '.join(known[:5])}): it begins with them"]


def look_ahead(architecture: PreTrainedConfig, task: Task) -> list[str]:
    """Whether the words of a row know what comes after them, where each of them gets a tag."""
    if task.class_role != "tags" or not reads_left_to_right(architecture):
        return []
    said = "is a decoder: each word's tag sees only what stands to its left; an encoder (BERT, ...) sees both sides"
    return [f"{architecture.model_type} {said}"]


def reads_left_to_right(architecture: PreTrainedConfig) -> bool:
    """Whether no token sees those after it: of a decoder alone, unless its config turns its mask off.

    A family that the library has a masked language model of reads both ways, but for `is_decoder`.
    """
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    kind, text = architecture.model_type, architecture.get_text_config()
    if architecture.is_encoder_decoder or kind in BOTH_WAYS:
        return False
    if getattr(text, "use_bidirectional_attention", None) or getattr(text, "is_causal", True) is False:
        return False
    if kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        return bool(getattr(architecture, "is_decoder", False))
    return kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES


def _anew(had: int, has: int) -> str:
    return f"the checkpoint's head is for {had} labels, the data has {has}: the head is made anew"
