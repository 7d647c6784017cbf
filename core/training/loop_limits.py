"""What `engine: loop` does not do: refused before anything is loaded, never passed over."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from core.config import RunConfig
from core.errors import FinetuiError
from core.training.arguments import BY_METRIC, OURS

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, TrainingArguments

# fmt: off
HONOURED = frozenset({
    "num_train_epochs", "max_steps", "per_device_train_batch_size", "per_device_eval_batch_size",
    "gradient_accumulation_steps", "learning_rate", "lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps",
    "optim", "optim_args", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm",
    "label_smoothing_factor", "bf16", "fp16", "tf32", "use_cpu", "use_cache", "seed", "data_seed",
    "full_determinism", "activation_checkpointing", "activation_checkpointing_kwargs", "gradient_checkpointing",
    "gradient_checkpointing_kwargs", "logging_strategy", "logging_steps", "logging_first_step", "eval_strategy",
    "eval_steps", "eval_delay", "eval_on_start", "include_for_metrics", "save_strategy", "save_steps",
    "save_total_limit", "save_only_model", "load_best_model_at_end", "metric_for_best_model", "greater_is_better",
    "dataloader_drop_last", "dataloader_num_workers", "dataloader_pin_memory", "remove_unused_columns",
    "train_sampling_strategy", "log_level", "skip_memory_metrics", "neftune_noise_alpha", "predict_with_generate",
    "generation_max_length", "generation_num_beams",
})
# fmt: on
"""The fields of `training:` that the loop goes by."""

OPTIMIZERS = (
    *("adamw_torch", "adamw_torch_fused", "sgd", "adafactor", "adagrad", "rmsprop"),
    *("adamw_8bit", "adamw_bnb_8bit", "paged_adamw_8bit", "paged_adamw_32bit", "lion_8bit", "lion_32bit"),
)
SAMPLING = ("random", "sequential", "group_by_length")


def check(config: RunConfig, settings: TrainingArguments, architecture: PreTrainedConfig) -> None:
    """Refuse what the loop would have to leave out; nothing where the engine is the Trainer.

    Raises:
        FinetuiError: the task's Trainer would have other losses, or a training argument is set that the loop does not
            know.
    """
    if config.engine != "loop":
        return
    from core import tasks

    task = tasks.task_class(config.task)
    reason = task.never_in_loop or task.why_no_loop(config, architecture)
    if reason:
        raise FinetuiError("the loop does not train this task", reason, "set engine: trainer", key="engine")
    if settings.world_size > 1:
        raise FinetuiError("the loop trains in one process", f"there are {settings.world_size}", "set engine: trainer")
    given = config.training.arguments()
    for name in sorted(config.training.model_fields_set - HONOURED):
        if given[name] != _default(type(settings), name):
            _refuse(name, given[name], "the loop does not know it")
    for name, known in (("optim", OPTIMIZERS), ("train_sampling_strategy", SAMPLING)):
        value = _plain(getattr(settings, name))
        if value not in known:
            _refuse(name, value, f"the loop has {', '.join(known)}")
    if _plain(settings.lr_scheduler_type) in BY_METRIC:
        _refuse("lr_scheduler_type", settings.lr_scheduler_type, "the loop has no schedule that follows a metric")


def _default(kind: type[TrainingArguments], name: str) -> Any:
    """What holds where nobody sets the field."""
    if name in OURS:
        return OURS[name]
    found = next(field for field in dataclasses.fields(kind) if field.name == name)
    if found.default_factory is not dataclasses.MISSING:
        return found.default_factory()
    return found.default


def _plain(value: Any) -> str:
    return str(getattr(value, "value", value))


def _refuse(name: str, value: Any, reason: str) -> None:
    key = f"training.{name}"
    title = f"`{name}` does not go with engine: loop"
    raise FinetuiError(title, f"{key}: {value}; {reason}", "set engine: trainer", key=key)
