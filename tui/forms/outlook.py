"""What the data says about the form: splits, columns, who plays which role, labels. Reads the data: for a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import config_file
from core.errors import FinetuiError
from core.metrics.names import TABLE, fitting
from core.tasks import create
from core.tasks.guessing import fitting_task
from tui.forms.fields import COLUMNS, Path

SOME = 4
"""Metrics that are named beside one that does not fit; the help has them all."""


@dataclass(frozen=True)
class Outlook:
    """The data under the task.

    Attributes:
        splits: name -> rows.
        columns: of the train split.
        guesses: path -> what holds while that field is empty.
        notes: what the task makes of the data, for people; `noted` is the field that they are about.
        metrics: the names of the built-in metrics that fit; empty where the task does not say.
        error: why the task cannot be bound to the data; None if it can.
        task: the one that the columns are for, where the task cannot be bound to them.
        idle: the fields that mean nothing for this data, each with the reason.
    """

    splits: dict[str, int]
    columns: list[str]
    guesses: dict[Path, str]
    notes: list[str]
    noted: Path = ()
    metrics: list[str] = field(default_factory=list)
    error: FinetuiError | None = None
    task: str = ""
    idle: dict[Path, str] = field(default_factory=dict)

    def refuse_metrics(self, text: str) -> str:
        """What is wrong with the names of metrics as they are typed; empty if nothing is."""
        named = [name.strip() for name in text.strip("[] ").split(",")]
        wrong = [name for name in named if self.metrics and name in TABLE and name not in self.metrics]
        return f"{wrong[0]} does not fit; {', '.join(self.metrics[:SOME])} and others do" if wrong else ""


def look(data: Mapping[str, Any], fetch: bool) -> Outlook | None:
    """Open the data of a config and bind the task to it; the model does not matter.

    Args:
        fetch: whether data that is not on this machine is asked for at the Hub; else there is no answer.

    Raises:
        FinetuiError: the data cannot be opened, or its part of the config is wrong.
    """
    from core.data import sources
    from core.training import class_weights

    config = config_file.validate(
        {"model": {"id": "any"}, **{key: data[key] for key in ("task", "data") if key in data}}
    )
    if not fetch and config.data.id is not None and not config_file.is_local(config.data.id):
        return None
    splits = sources.load(config.data)
    rows = {name: len(split) for name, split in splits.items()}
    train_split, eval_split = sources.splits(config.data, splits)
    train = splits[train_split]
    guesses: dict[Path, str] = {("data", "train_split"): train_split, ("data", "eval_split"): eval_split or ""}
    used = config.data.model_copy(update={"train_split": train_split, "eval_split": eval_split})
    try:
        task = create(config.model_copy(update={"data": used}), train, splits[eval_split] if eval_split else None)
    except FinetuiError as error:
        other = fitting_task(train.column_names) or ""
        if other in ("", config.task):
            return Outlook(rows, list(train.column_names), guesses, [], error=error)
        hint = f"these columns are for the task {other}: choose it, or name a column in {error.key or 'data.columns'}"
        told = FinetuiError(error.title, error.detail, hint, key=error.key)
        return Outlook(rows, list(train.column_names), guesses, [], error=told, task=other)
    guesses |= {(*COLUMNS, role): column for role, column in task.columns.items()}
    guesses["metrics",] = ", ".join(task.default_metrics)
    names = task.label_names
    labels = [f"{len(names)} labels: {', '.join(names)}"] if names else []
    learned = [role.name for role in task.roles if role.required][-1:]  # the label, the tags, the answers
    fit = fitting(task.metric_kinds or (), len(names))
    notes, noted = [*labels, *task.notes], (*COLUMNS, *learned)
    reason = class_weights.why_not(task)
    idle: dict[Path, str] = {(class_weights.KEY,): reason} if reason else {}
    return Outlook(rows, list(train.column_names), guesses, notes, noted, fit, idle=idle)
