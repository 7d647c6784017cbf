"""What data that is looked at may be trained on: the task of the form where it means this data, else every task."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from core.data.browse import Browser

KEPT = ("seed", "data_seed", "per_device_train_batch_size", "train_sampling_strategy", "gradient_accumulation_steps")
"""Of the arguments on the form those that decide what a batch is."""


def means_same(browser: Browser, described: Mapping[str, Any]) -> bool:
    """Whether the form, as plain data of its config, is about the data that is looked at."""
    data = browser.data.model_dump(mode="json", exclude_unset=True)
    on_form = described.get("data", {})
    return all(on_form.get(key) == data.get(key) for key in ("id", "files", "subset"))


def limit_of(browser: Browser, split: str, described: Mapping[str, Any]) -> int | None:
    """How many rows of a split the run on the form uses, where that is about this data and says it."""
    limit = described.get("data", {}).get("limit") or {}
    return limit.get(split) if means_same(browser, described) else None


def configs(browser: Browser, model: str, described: Mapping[str, Any], tokenizer: Any) -> Iterator[dict[str, Any]]:
    """Plain data of configs to be tried one after the other: the first whose columns are there is meant.

    Args:
        tokenizer: the model's: what it has tells what texts alone are for.
    """
    from core import tasks
    from core.config import TaskName

    same = means_same(browser, described)
    data = described["data"] if same else browser.data.model_dump(mode="json", exclude_unset=True)
    # What is shown is what is meant; that a run would stop at it is said elsewhere.
    if any(damage.stops for found in browser.damages.values() for damage in found):
        data = {"damaged": "keep", **data}
    training = {key: value for key, value in described.get("training", {}).items() if key in KEPT}
    first = described.get("task", next(iter(tasks.PLACES)))
    columns = [column.name for column in browser.columns(next(iter(browser.splits)))]
    every = _in_turn(list(tasks.PLACES), tokenizer, _text_and_target(columns) and _writes_targets(model))
    names = [first] if same and described.get("task") else [first, *(name for name in every if name != first)]
    for name in names:
        if name in get_args(TaskName):
            # The libraries of metrics take seconds to import.
            yield {"task": name, "model": {"id": model}, "data": data, "training": training, "metrics": []}


def _in_turn(names: list[str], tokenizer: Any, targets: bool) -> list[str]:
    """The tasks, the more particular ones before that of texts alone: preferences hold a conversation, too."""
    before = ["preference"]
    if getattr(tokenizer, "chat_template", None):
        before.append("chat")
    if targets:
        before.append("seq2seq-lm")
    if getattr(tokenizer, "mask_token", None):
        before.append("masked-lm")
    rest = [name for name in names if name not in before]
    at = rest.index("causal-lm")
    return [*rest[:at], *before, *rest[at:]]


def _text_and_target(columns: list[str]) -> bool:
    """Whether there is a text and what is made of it, as a summary; a prompt with its completion is for causal-lm."""
    from core import tasks
    from core.data.columns import guessed

    target = guessed(tasks.task_class("seq2seq-lm").roles, columns)
    prompt = guessed(tasks.task_class("causal-lm").roles, columns)
    return {"source", "target"} <= target.keys() and not {"prompt", "completion"} <= prompt.keys()


def _writes_targets(model: str) -> bool:
    """Whether the model has a decoder of its own, or nobody knows: there may be a tokenizer alone."""
    from core import models
    from core.config import ModelConfig
    from core.errors import FinetuiError

    with contextlib.suppress(FinetuiError):
        return "seq2seq-lm" not in models.without_head(models.load_config(ModelConfig(id=model)).model_type)
    return True
