"""`training:` as the `TrainingArguments` of a run."""

from __future__ import annotations

import dataclasses
import tempfile
import typing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.config import RunConfig, TaskName
from core.errors import FinetuiError
from core.methods.options import Option, default_of
from core.option_help import plain_help
from core.training.argument_names import ALIASES, ELSEWHERE, FOLDERS, require

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from core.precision import Precision

OURS = {"disable_tqdm": True, "logging_nan_inf_filter": False, "report_to": "none"}
"""What differs from the library's defaults besides TrainingConfig's own: bars and reports go to the run folder, and a
NaN loss is shown, not averaged away."""

BY_METRIC = ("reduce_lr_on_plateau", "greedy")
"""Schedules that follow what evaluations show."""


def settle(config: RunConfig) -> RunConfig:
    """The config with what its settings imply: the task's own defaults; early stopping and the best model need
    evaluations and checkpoints.

    Raises:
        FinetuiError: the settings contradict each other.
    """
    from core import tasks

    own = tasks.task_class(config.task).argument_defaults
    given = config.training.model_fields_set
    defaults = {name: value for name, value in own.items() if name not in given}
    if defaults:
        config = config.model_copy(update={"training": config.training.model_copy(update=defaults)})
    training = config.training
    why = _why_evaluate(config)
    if not why:
        return config
    changes: dict[str, Any] = {}
    if training.eval_strategy == "no":
        if "eval_strategy" in given:
            raise FinetuiError(
                f"{why} needs evaluations",
                "training.eval_strategy: no",
                "set it to epoch or steps",
                key="training.eval_strategy",
            )
        changes["eval_strategy"] = "epoch"
    strategy = changes.get("eval_strategy", training.eval_strategy)
    if "load_best_model_at_end" not in given and config.early_stopping is not None:
        changes["load_best_model_at_end"] = True
    loads_best = changes.get("load_best_model_at_end", training.load_best_model_at_end)
    if loads_best and "save_strategy" not in given:
        changes["save_strategy"] = strategy
        if strategy == "steps" and "save_steps" not in given:
            changes["save_steps"] = training.eval_steps or training.logging_steps
    elif loads_best and training.save_strategy not in ("best", strategy):
        raise FinetuiError(
            "the best model is loaded from a checkpoint, and not every evaluation has one",
            f"training.eval_strategy: {strategy}, training.save_strategy: {training.save_strategy}",
            f"set training.save_strategy: {strategy}, or leave it out",
            key="training.save_strategy",
        )
    if training.metric_for_best_model is None:
        changes["metric_for_best_model"] = "loss"
    return config.model_copy(update={"training": training.model_copy(update=changes)})


def _why_evaluate(config: RunConfig) -> str:
    """What of the config needs evaluations; empty where nothing does."""
    training = config.training
    if config.early_stopping is not None:
        return "early_stopping"
    if training.load_best_model_at_end:
        return "training.load_best_model_at_end"
    if training.save_strategy == "best":
        return "training.save_strategy: best"
    return (
        f"training.lr_scheduler_type: {training.lr_scheduler_type}" if training.lr_scheduler_type in BY_METRIC else ""
    )


def build(config: RunConfig, output: Path, precision: Precision) -> TrainingArguments:
    """The arguments, of the task's own class, of a run that writes its checkpoints under `output`.

    Raises:
        FinetuiError: an argument does not exist, is set by finetui, or does not fit with another.
    """
    from core import tasks

    task = tasks.task_class(config.task)
    arguments_class = task.arguments_class()
    values = config.training.arguments()
    known = [field.name for field in dataclasses.fields(arguments_class)]
    for name in config.training.model_fields_set:
        same = values[name] == getattr(arguments_class, name, None)
        # What stands in every config that a run writes down is no reason to refuse it.
        written = same and name in type(config.training).model_fields
        elsewhere = {**({} if same else ELSEWHERE), **({} if written else task.set_elsewhere)}
        require(name, known, elsewhere, arguments_class.__name__)
    merged = {**OURS, **precision.arguments(), **values, **task.fixed_arguments, "output_dir": str(output)}
    merged.setdefault("bf16", False)  # TRL's own default is to use it everywhere
    if precision.device == "cpu":
        merged.setdefault("dataloader_pin_memory", False)  # there it does nothing but warn at every evaluation
        merged.setdefault("use_cpu", True)  # else bf16 is refused
    for old, new in ALIASES.items():
        value = merged.get(old, getattr(arguments_class, old, None))
        if new in known and value is not None:
            merged.setdefault(new, value)
    if task.loss_in_metrics:
        merged["include_for_metrics"] = sorted({*merged.get("include_for_metrics", []), "loss"})
    try:
        settings = arguments_class(**merged)
    except (ValueError, TypeError, ImportError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        title = lines[0] if lines else type(error).__name__
        raise FinetuiError(title, "training:", "; ".join(lines[1:3]) or "change one of them") from error
    _require_installed(settings)
    if settings.n_gpu > 1:
        settings._n_gpu = 1  # with more the Trainer would wrap the model in DataParallel and multiply the batch
    return settings


def of_a_trial(config: RunConfig, precision: Precision) -> TrainingArguments:
    """The arguments of a run that is only tried: it writes nothing.

    Raises:
        FinetuiError: as of `build`.
    """
    return build(config, Path(tempfile.gettempdir()) / "finetui-check", precision)


@cache
def options_of(task: TaskName) -> dict[str, Option]:
    """Every field of the task's arguments class that `training:` takes, with the class's default and help."""
    from core import tasks

    found = tasks.task_class(task)
    cls = found.arguments_class()
    hints = typing.get_type_hints(cls)
    names = {field.name for field in dataclasses.fields(cls)}
    old = {name for name, new in ALIASES.items() if new in names}
    off = {*FOLDERS, *ELSEWHERE, *found.set_elsewhere, *found.fixed_arguments, *old}
    made = {}
    for field in dataclasses.fields(cls):
        if field.init and field.name not in off:
            default = OURS.get(field.name, default_of(field))
            words = plain_help(field.metadata.get("help", ""))
            made[field.name] = Option(field.name, hints[field.name], default, words)
    return made


def _require_installed(settings: TrainingArguments) -> None:
    """Packages that the Trainer would ask for when the weights are loaded already."""
    from transformers.integrations import get_available_reporting_integrations
    from transformers.utils import is_liger_kernel_available

    missing = sorted(set(settings.report_to or ()) - set(get_available_reporting_integrations()))
    if missing:
        key, hint = "training.report_to", "install it, or leave report_to out: the run's folder has every event"
        raise FinetuiError(f"{', '.join(missing)} is not installed", f"{key}: {', '.join(missing)}", hint, key=key)
    if settings.use_liger_kernel and not is_liger_kernel_available():
        key = "training.use_liger_kernel"
        raise FinetuiError("liger-kernel is not installed", key, "pip install liger-kernel, or leave it out", key=key)
