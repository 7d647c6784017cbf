"""The tasks: what a row means, how it becomes tensors, how an answer is scored."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from core.config import TaskName
from core.errors import FinetuiError

if TYPE_CHECKING:
    from datasets import Dataset

    from core.config import RunConfig
    from core.tasks.base import Task


PLACES: dict[TaskName, str] = {
    "sequence-classification": "sequence_classification.SequenceClassification",
    "token-classification": "token_classification.TokenClassification",
    "question-answering": "question_answering.QuestionAnswering",
    "causal-lm": "causal_lm.CausalLM",
    "seq2seq-lm": "seq2seq_lm.Seq2SeqLM",
    "masked-lm": "masked_lm.MaskedLM",
    "chat": "chat.Chat",
    "preference": "preference.Preference",
}
"""Module and class of each task."""

OF_DATA: dict[str, tuple[TaskName, ...]] = {
    "packing": ("causal-lm", "masked-lm"),
    "prefix": ("seq2seq-lm",),
    "max_target_length": ("seq2seq-lm",),
    "mask_probability": ("masked-lm",),
}
"""Fields of `data` that would do nothing for any other task: there they are refused."""


def task_class(name: TaskName) -> type[Task]:
    """The class of a task, imported when it is first asked for."""
    module, cls = PLACES[name].split(".")
    found: type[Task] = getattr(import_module(f"core.tasks.{module}"), cls)
    return found


def create(config: RunConfig, train: Dataset, evaluation: Dataset | None = None) -> Task:
    """The config's task, bound to the columns and labels of its data.

    Raises:
        FinetuiError: a column is missing, or the labels cannot be learned.
    """
    for name, takers in OF_DATA.items():
        value = getattr(config.data, name)
        if value and config.task not in takers:
            raise FinetuiError(
                f"data.{name} is for {' and '.join(takers)} alone",
                f"data.{name}: {value}, task: {config.task}",
                "leave it out",
                key=f"data.{name}",
            )
    return task_class(config.task)(config.data, train, evaluation)
