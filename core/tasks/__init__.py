"""The tasks: what a row means, how it becomes tensors, how an answer is scored."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from core.config import OF_TASKS, TaskName, idle
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
    "feature-extraction": "feature_extraction.FeatureExtraction",
}
"""Module and class of each task."""


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
    for path in idle(config):
        if path[0] == "data":
            key, wanted = ".".join(path), " and ".join(OF_TASKS[path])
            raise FinetuiError(
                f"`{key}` is for {wanted}",
                f"{key}: {getattr(config.data, path[-1])}, task: {config.task}",
                "leave it out",
                key=key,
            )
    return task_class(config.task)(config.data, train, evaluation)
