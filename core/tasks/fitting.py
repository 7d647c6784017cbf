"""Whether the head of a checkpoint fits a task that is bound to its data: before any weights are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from core.tasks.base import Task


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


def _anew(had: int, has: int) -> str:
    return f"the checkpoint's head is for {had} labels, the data has {has}: the head is made anew"
