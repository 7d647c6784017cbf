"""The tasks: what a row means, how it becomes tensors, how an answer is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datasets import Dataset

    from core.config import RunConfig, TaskName
    from core.tasks.base import Task


def task_class(name: TaskName) -> type[Task]:
    """The class of a task, imported when it is first asked for."""
    if name == "sequence-classification":
        from core.tasks.sequence_classification import SequenceClassification

        return SequenceClassification
    from core.tasks.causal_lm import CausalLM

    return CausalLM


def create(config: RunConfig, train: Dataset, evaluation: Dataset | None = None) -> Task:
    """The config's task, bound to the columns and labels of its data.

    Raises:
        FinetuiError: a column is missing, or the labels cannot be learned.
    """
    return task_class(config.task)(config.data, train, evaluation)
