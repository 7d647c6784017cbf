"""`class_weights:` of the config as one weight per class."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from core.config import RunConfig
from core.errors import FinetuiError
from core.tasks import label_sets

if TYPE_CHECKING:
    from datasets import Dataset

    from core.tasks.base import Task

KEY = "class_weights"


def settle(config: RunConfig, task: Task, train: Dataset) -> RunConfig:
    """The config with a weight for each class by its name.

    `balanced` gives each class rows / (classes * its rows), so that all classes weigh the same and the mean weight of a
    row is 1 (scikit-learn's `class_weight="balanced"`); a class without a row gets 1.

    Raises:
        FinetuiError: the task has no classes, or the weights are not theirs.
    """
    given, names = config.class_weights, task.label_names
    if given is None:
        return config
    if reason := why_not(task):
        hint = "they weight the one class that a row, or a word, has: leave them out"
        raise FinetuiError("class weights do not fit this task", f"task: {config.task}; {reason}", hint, key=KEY)
    if given == "balanced":
        given = _balanced(task, train)
    elif isinstance(given, list):
        if len(given) != len(names):
            title = f"{len(given)} class weights for {len(names)} classes"
            raise FinetuiError(title, f"the classes are {_some(names)}", "give one each", key=KEY)
    elif set(given) != set(names):
        unknown, missing = sorted(set(given) - set(names)), sorted(set(names) - set(given))
        wrong = f"no class is called {_some(unknown)}" if unknown else f"there is none for {_some(missing)}"
        raise FinetuiError("class weights need one per class", wrong, f"the classes are {_some(names)}", key=KEY)
    weights = given if isinstance(given, dict) else dict(zip(names, given, strict=True))
    # A batch of rows that weigh nothing divides 0 by 0, which destroys every weight of the model.
    if not all(math.isfinite(weight) and weight > 0 for weight in weights.values()):
        hint = "to leave a class out, write a file without its rows (Datasets: f, x)"
        raise FinetuiError("class weights are numbers above 0", str(weights), hint, key=KEY)
    return config.model_copy(update={"class_weights": {name: weights[name] for name in names}})


def why_not(task: Task) -> str:
    """Why the task has no use for weights of classes; empty where it has."""
    if task.model_options().get("problem_type") == label_sets.SEVERAL:
        return "a row may have several labels, and weights are of the one class that it has"
    if not task.class_role or not task.label_names:
        return "there are no classes to weigh"
    return ""


def _balanced(task: Any, train: Dataset) -> list[float]:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = train.with_format("arrow")[task.columns[task.class_role]]
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = pc.list_flatten(values)
    counts = [0] * len(task.label_names)
    for entry in pc.value_counts(values).to_pylist():
        counts[int(task.labels.encode(entry["values"]))] += entry["counts"]
    total = sum(counts)
    return [total / (len(counts) * count) if count else 1.0 for count in counts]


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
