"""From a config to what a Trainer needs: checked data, tokenizer, encoded rows, model."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import metrics, models, precision, tasks
from core.config import RunConfig
from core.data import sources
from core.data.origin import in_source
from core.errors import BadRow, FinetuiError
from core.methods import quantized, settle
from core.methods.sizes import Size
from core.precision import Precision
from core.tasks import fitting
from core.tasks.packing import Parts
from core.training import arguments, best, loop_limits, misfits, optimizing, schedule

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from core.tasks.base import Task
    from core.training.losses import Loss

ENCODE_BATCH = 1000
"""Rows written at a time: the library's own default."""
LOOK_ROWS = 100
"""Rows tokenized at a time: the grain at which progress is said, and a run that is told to stop stops."""


@dataclass(slots=True)
class Checked:
    """A config that has been held against its data, model and arguments, before any weights are loaded.

    Attributes:
        config: with every guess and default filled in.
        size: the parameters of the model under the method, and how many are trained.
        loss: where it is not the model's own.
    """

    config: RunConfig
    task: Task
    tokenizer: PreTrainedTokenizerBase
    architecture: PreTrainedConfig
    precision: Precision
    size: Size
    metric_names: list[str]
    train: Dataset
    evaluation: Dataset | None
    notes: list[str]
    loss: Loss | None = None


@dataclass(slots=True)
class Prepared:
    """What the Trainer is built from; `train` and `evaluation` hold tokenized rows."""

    task: Task
    tokenizer: PreTrainedTokenizerBase
    metric_names: list[str]
    model: PreTrainedModel
    train: Dataset
    evaluation: Dataset | None
    loss: Loss | None = None


def check(config: RunConfig, left_out: Mapping[str, Sequence[int]] | None = None) -> Checked:
    """Hold a config against its data, tokenizer, architecture and arguments.

    Args:
        left_out: split -> rows that are passed over: those that the pre-flight found unusable, to find what else is.

    Raises:
        FinetuiError: anything that would make the run fail later.
    """
    _refuse_frozen_noise(config)
    config, train, evaluation = _with_rows(arguments.settle(config), left_out or {})
    task = tasks.create(config, train, evaluation)
    tokenizer = models.load_tokenizer(config.model)
    task.meet(tokenizer, config)
    from core.training import losses  # loads torch

    config, loss = losses.settle(config, task, train)
    architecture = models.load_config(config.model, tokenizer)
    names = config.metrics if config.metrics is not None else task.default_metrics
    metrics.check(names, task.metric_kinds, len(task.label_names))
    observed = [*fitting.check_head(architecture, task), *fitting.look_ahead(architecture, task)]
    formats = _formats(config, architecture)
    best.check(config, task, names)
    steps = schedule.planned_steps(config.training, len(train))
    observed += _try_arguments(config, formats, architecture, steps)
    settled = settle.settle(config.model, config.method, task, architecture, steps)
    misfits.check(config, task, architecture)
    config = config.model_copy(update={"method": settled.method, "metrics": names})
    config, cut = _with_length(config, task, tokenizer, architecture)
    return Checked(
        config=config,
        task=task,
        tokenizer=tokenizer,
        architecture=architecture,
        precision=formats,
        size=settled.size,
        metric_names=names,
        train=train,
        evaluation=evaluation,
        notes=[*task.notes, *settled.notes, *observed, *cut, *([formats.note] if formats.note else [])],
        loss=loss,
    )


def _refuse_frozen_noise(config: RunConfig) -> None:
    """A method that freezes the base needs weights that were trained."""
    if config.model.from_config is not None and config.method.kind != "full":
        raise FinetuiError(
            "a frozen base needs a checkpoint",
            f"method.kind: {config.method.kind}, and model.from_config makes all weights anew",
            "set method.kind: full, or name a checkpoint with model.id",
            key="method.kind",
        )


def _with_rows(config: RunConfig, left_out: Mapping[str, Sequence[int]]) -> tuple[RunConfig, Dataset, Dataset | None]:
    """The config with its splits named, the rows to train on, and those to evaluate on."""
    splits = sources.load(config.data)
    for split, rows in left_out.items():
        splits[split] = _without(splits[split], split, rows)
    train_split, eval_split = sources.splits(config.data, splits)
    if config.training.eval_strategy != "no" and eval_split is None:
        raise FinetuiError(
            "there is nothing to evaluate on",
            f"the data has only the split `{train_split}`; training.eval_strategy: {config.training.eval_strategy}",
            "name a split (data.eval_split), hold some rows out (data.eval_fraction: 0.1), or set eval_strategy: no",
        )
    data = config.data.model_copy(update={"train_split": train_split, "eval_split": eval_split})
    config = config.model_copy(update={"data": data})
    return config, splits[train_split], splits[eval_split] if eval_split else None


def _formats(config: RunConfig, architecture: PreTrainedConfig) -> Precision:
    """The number formats of weights and computation, on the device that the run gets."""
    given = config.training.arguments()
    device = "cpu" if given.get("use_cpu") else precision.device_name()
    units = precision.has_bf16_units(device)
    resolved = precision.resolve(
        config.model.dtype,
        config.method.kind,
        str(getattr(architecture, "dtype", "") or "").removeprefix("torch.") or None,
        device,
        units,
    )
    return precision.overruled(resolved, given.get("bf16"), given.get("fp16"), units)


def _try_arguments(config: RunConfig, formats: Precision, architecture: PreTrainedConfig, steps: int) -> list[str]:
    """Build arguments and optimizer as the run will; what is worth saying of them.

    Args:
        steps: optimizer steps of the run, about.
    """
    built = arguments.of_a_trial(config, formats)
    loop_limits.check(config, built, architecture)
    notes = optimizing.check(built, steps)
    quantized.check(config.model, config.method, formats.device)
    if config.method.kind == "prefix-tuning" and built.activation_checkpointing:
        raise FinetuiError(
            "prefix tuning does not work with activation checkpointing",
            "its keys and values travel in the cache, which checkpointing turns off",
            "set training.activation_checkpointing: false, or choose another method",
            key="training.activation_checkpointing",
        )
    return notes


def _with_length(
    config: RunConfig, task: Task, tokenizer: PreTrainedTokenizerBase, architecture: PreTrainedConfig
) -> tuple[RunConfig, list[str]]:
    """The config with how long a row may be and what the task settles; a note where the method shortens the rows."""
    data, notes = config.data, []
    virtual_tokens = config.method.options().get("num_virtual_tokens", 0)
    length = models.max_length(data.max_length, tokenizer, architecture, virtual_tokens)
    if length is not None and data.max_length is not None and length < data.max_length:
        notes.append(f"rows are cut at {length} tokens: {virtual_tokens} virtual tokens take positions of the model")
    found = {"columns": task.columns, "max_length": length, **task.settled()}
    if task.label_names:
        found["labels"] = task.label_names
    settings = task.settled_arguments(length)
    follows = {name: value for name, value in settings.items() if name not in config.training.model_fields_set}
    update = {"data": data.model_copy(update=found), "training": config.training.model_copy(update=follows)}
    return config.model_copy(update=update), notes


def _without(rows: Dataset, split: str, numbers: Sequence[int]) -> Dataset:
    keep = np.setdiff1d(np.arange(len(rows)), numbers)
    if not len(keep):
        raise FinetuiError(f"no row of split {split} can be used", "", "choose another split, or other data")
    return rows.select(keep, keep_in_memory=True)


def encode(
    checked: Checked, rows: Dataset, cache: Path, progress: Callable[[int], None] = lambda done: None
) -> Dataset:
    """The rows as the model gets them, unpadded, held in a file under `cache`. Where a row becomes several elements or
    none, `row` has the index of the row of each.

    Args:
        progress: called with the number of rows that are done.
    """
    done = 0
    parts = Parts(checked.task, checked.tokenizer, checked.config.data.max_length)
    split = (checked.config.data.eval_split if rows is checked.evaluation else checked.config.data.train_split) or ""

    def encode_batch(batch: Any) -> dict[str, list[Any]]:
        nonlocal done
        columns = {name: batch[name] for name in set(checked.task.columns.values()) & set(rows.column_names)}
        encoded: dict[str, list[Any]] = {}
        count = len(batch[rows.column_names[0]])
        for begin in range(0, count, LOOK_ROWS):
            part = {name: values[begin : begin + LOOK_ROWS] for name, values in columns.items()}
            numbers = range(done, done + min(LOOK_ROWS, count - begin))
            try:
                made = parts.encode(part, numbers)
            except BadRow as bad:
                raise bad.at(numbers[bad.row], split, in_source(rows, numbers[bad.row])) from bad
            done = numbers.stop
            for more in (made, parts.rest() if done == len(rows) else {}):
                for name, values in more.items():
                    encoded.setdefault(name, []).extend(values)
            progress(done)
        return encoded

    # The file and its fingerprint are ours: hashing the tokenizer, as the library would, gives a new value each time
    # that the tokenizer was used before, so its cache is never hit and only grows.
    with tempfile.NamedTemporaryFile(dir=cache, suffix=".arrow", delete=False) as file:
        name = file.name
    return rows.map(
        encode_batch,
        batched=True,
        batch_size=ENCODE_BATCH,
        remove_columns=rows.column_names,
        cache_file_name=name,
        load_from_cache_file=False,
        new_fingerprint=Path(name).stem,
    )


def inputs(task: Task, encoded: Dataset) -> Dataset:
    """What the collator gets: whatever `training.remove_unused_columns` says, nothing that is kept back."""
    return encoded.remove_columns([name for name in task.kept_back if name in encoded.column_names])
