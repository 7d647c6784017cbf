"""`training:` as the `TrainingArguments` of a run."""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.config import RunConfig
from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from core.precision import Precision

OURS = {"disable_tqdm": True, "logging_nan_inf_filter": False, "report_to": "none"}
"""What differs from the library's defaults besides TrainingConfig's own: bars and reports go to the run folder, and a
NaN loss is shown, not averaged away."""

FOLDERS = {"output_dir", "resume_from_checkpoint", "run_name", "do_train", "do_eval", "do_predict", "local_rank"}
"""Fields that the engine sets from the run folder."""

RENAMED = {
    "evaluation_strategy": "eval_strategy",
    "warmup_ratio": "warmup_steps (a number below 1 is a share of all steps)",
    "group_by_length": "train_sampling_strategy: group_by_length",
    "per_gpu_train_batch_size": "per_device_train_batch_size",
    "per_gpu_eval_batch_size": "per_device_eval_batch_size",
    "no_cuda": "use_cpu",
    "half_precision_backend": "bf16 or fp16",
    "batch_size": "per_device_train_batch_size",
    "epochs": "num_train_epochs",
    "lr": "learning_rate",
}
"""Names that other versions and other tools use."""


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
    wants_best = training.load_best_model_at_end or config.early_stopping is not None
    if not wants_best:
        return config
    why = "early_stopping" if config.early_stopping is not None else "training.load_best_model_at_end"
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
    if "load_best_model_at_end" not in given:
        changes["load_best_model_at_end"] = True
    if changes.get("load_best_model_at_end", training.load_best_model_at_end) and "save_strategy" not in given:
        changes["save_strategy"] = strategy
        if strategy == "steps" and "save_steps" not in given:
            changes["save_steps"] = training.eval_steps or training.logging_steps
    if training.metric_for_best_model is None:
        changes["metric_for_best_model"] = "loss"
    return config.model_copy(update={"training": training.model_copy(update=changes)})


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
        if name in FOLDERS:
            raise FinetuiError(
                f"`{name}` is set by finetui", f"training.{name}", "leave it out", key=f"training.{name}"
            )
        if name in task.set_elsewhere:
            raise FinetuiError(
                f"`{name}` is not taken here", f"training.{name}", task.set_elsewhere[name], key=f"training.{name}"
            )
        if name not in known:
            hint = _hint(name, known, arguments_class.__name__)
            raise FinetuiError(f"unknown training argument `{name}`", f"training.{name}", hint, key=f"training.{name}")
    merged = {**OURS, **precision.arguments(), **values, **task.fixed_arguments, "output_dir": str(output)}
    merged.setdefault("bf16", False)  # TRL's own default is to use it everywhere
    if precision.device == "cpu":
        merged.setdefault("dataloader_pin_memory", False)  # there it does nothing but warn at every evaluation
    if task.loss_in_metrics:
        merged["include_for_metrics"] = sorted({*merged.get("include_for_metrics", []), "loss"})
    try:
        settings = arguments_class(**merged)
    except (ValueError, TypeError, ImportError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        title = lines[0] if lines else type(error).__name__
        raise FinetuiError(title, "training:", "; ".join(lines[1:3]) or "change one of them") from error
    if settings.n_gpu > 1:
        settings._n_gpu = 1  # with more the Trainer would wrap the model in DataParallel and multiply the batch
    return settings


def _hint(name: str, known: list[str], of: str) -> str:
    if name in RENAMED:
        return f"it is called {RENAMED[name]}"
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean `{close[0]}`?" if close else f"the fields are those of {of}"
