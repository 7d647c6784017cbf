"""`training:` as source: what differs from the library's defaults, and what everybody wants to see."""

from __future__ import annotations

import dataclasses
from typing import Any

from core.methods.options import default_of
from core.scripts.run import ScriptRun
from core.scripts.task_script import TaskScript
from core.scripts.writing import literal
from core.training.argument_names import ALIASES

SHOWN = ("num_train_epochs", "learning_rate", "per_device_train_batch_size", "per_device_eval_batch_size")
"""Written whatever their values are."""


def differing(run: ScriptRun, more: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the run that are not the defaults of its arguments class, with those that are always written."""
    fields = {field.name: field for field in dataclasses.fields(type(run.task).arguments_class())}
    given = {**run.config.training.arguments(), **more}
    wanted = {ALIASES[name] if ALIASES.get(name) in fields else name: value for name, value in given.items()}
    if type(run.task).arguments_class().__module__.startswith("trl"):
        wanted.setdefault("bf16", False)  # TRL's own default is to use it everywhere
    if run.autocast:
        wanted["bf16" if run.autocast == "bfloat16" else "fp16"] = True
    if run.device == "cpu" and wanted.get("bf16"):
        wanted["use_cpu"] = True  # else the class refuses it
    found = {name: wanted[name] for name in SHOWN if name in wanted}
    found |= {
        name: value
        for name, value in wanted.items()
        if name not in found and name in fields and value != default_of(fields[name])
    }
    if wanted.get("max_steps", -1) > 0:
        found.pop("num_train_epochs")
    if run.evaluation is None:
        found.pop("per_device_eval_batch_size")
    for name in ("seed", "batch_eval_metrics"):  # written elsewhere; all at once gives the same figures
        found.pop(name, None)
    return found


def trainer_arguments(run: ScriptRun, task: TaskScript) -> dict[str, str]:
    """Name -> source, for the constructor of the arguments class."""
    found = {name: literal(value, 8 + len(name)) for name, value in differing(run, task.fixed_arguments).items()}
    return {
        "output_dir": "OUTPUT",
        **found,
        **task.trainer_arguments,
        "seed": "SEED",
        # A loss that is no number is shown as such.
        "logging_nan_inf_filter": "False",
        "report_to": '"none"',
    }
