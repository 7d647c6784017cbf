"""`class_weights:` of the config as one weight per class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.config import RunConfig
from core.errors import FinetuiError

if TYPE_CHECKING:
    from datasets import Dataset

    from core.tasks.base import Task

COLUMN = {"sequence-classification": "label", "token-classification": "tags"}
"""Task -> the role whose column has the classes."""


def settle(config: RunConfig, task: Task, train: Dataset) -> RunConfig:
    """The config with a weight for each class by its name.

    `balanced` gives each class rows / (classes * its rows), so that all classes weigh the same and the mean weight of a row
    is 1 (scikit-learn's `class_weight="balanced"`); a class without a row gets 1.

    Raises:
        FinetuiError: the task has no classes, or the weights are not theirs.
    """
    given, key = config.class_weights, "class_weights"
    if given is None:
        return config
    names = task.label_names
    if config.task not in COLUMN or not names or _several_a_row(task):
        hint = "they weight the one class that a row, or a word, has: leave them out"
        raise FinetuiError("class weights do not fit this task", f"task: {config.task}", hint, key=key)
    if isinstance(given, list) and len(given) != len(names):
        raise FinetuiError(
            f"{len(given)} class weights for {len(names)} classes", f"the classes are {_some(names)}", "give one each", key=key
        )
    if isinstance(given, dict) and set(given) != set(names):
        unknown = sorted(set(given) - set(names))
        wrong = f"no class is called {_some(unknown)}" if unknown else f"without: {_some(sorted(set(names) - set(given)))}"
        raise FinetuiError("the class weights are not those of the classes", wrong, f"the classes are {_some(names)}", key=key)
    weights = _balanced(config, task, train) if given == "balanced" else given
    assert not isinstance(weights, str)
    by_name = {name: weights[name] for name in names} if isinstance(weights, dict) else dict(zip(names, weights, strict=True))
    return config.model_copy(update={"class_weights": by_name})


def _balanced(config: RunConfig, task: Any, train: Dataset) -> list[float]:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = task.columns[COLUMN[config.task]]
    values = pa.chunked_array(train.with_format("arrow")[column]) if not len(train) else train.with_format("arrow")[column]
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = pc.list_flatten(values)
    counts = [0] * len(task.label_names)
    for entry in pc.value_counts(values).to_pylist():
        counts[int(task.labels.encode(entry["values"]))] += entry["counts"]
    total = sum(counts)
    return [total / (len(counts) * count) if count else 1.0 for count in counts]


def _several_a_row(task: Task) -> bool:
    return task.model_options().get("problem_type") == "multi_label_classification"


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
