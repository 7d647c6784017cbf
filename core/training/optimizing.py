"""The optimizer and the schedule of a run, tried on one small matrix: what fails there would fail after the weights are
loaded."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError, first_line
from core.training.arguments import BY_METRIC

if TYPE_CHECKING:
    from transformers import TrainingArguments

WITHOUT_WARMUP = ("constant", *BY_METRIC)
"""Schedules of transformers that begin at the peak, whatever `warmup_steps` says."""
WITHOUT_OPTIONS = ("constant", "constant_with_warmup")
"""Schedules that `get_scheduler` gives no `lr_scheduler_kwargs`."""
BY_MODULE = ("galore", "apollo", "lomo", "adalomo")
"""Optimizers that look for modules by name: only whether they are installed can be tried on a matrix."""

SIDE = 128
"""Of the matrix: 8-bit optimizers leave tensors of less than 4096 numbers in 32 bits."""


def check(settings: TrainingArguments, steps: int) -> list[str]:
    """Build both as the Trainer does, and take a step.

    Args:
        steps: optimizer steps of the run.

    Returns:
        What of the arguments has no effect, as lines for people.

    Raises:
        FinetuiError: the optimizer is not installed or does not run here, or an argument of either does not fit.
    """
    import torch
    from transformers.trainer_utils import SchedulerType

    # Not initialized: nothing draws random numbers before the weights do.
    model = torch.nn.utils.skip_init(torch.nn.Linear, SIDE, SIDE, bias=False, device=settings.device)
    torch.nn.init.zeros_(model.weight)
    optimizer = _optimizer(settings, model)
    if optimizer is None:
        optimizer = torch.optim.SGD(model.parameters(), lr=settings.learning_rate)
    scheduler = _scheduler(settings, optimizer, steps)
    name = SchedulerType(settings.lr_scheduler_type).value
    model.weight.grad = torch.full_like(model.weight, 1e-3)
    try:
        optimizer.step()
        scheduler.step(1.0) if name in BY_METRIC else scheduler.step()
    except Exception as error:  # whatever a library raises where its optimizer does not run
        raise _off(settings, error) from error
    notes = []
    if settings.get_warmup_steps(steps) and name in WITHOUT_WARMUP:
        instead = "; constant_with_warmup has one" if name == "constant" else ""
        notes.append(f"lr_scheduler_type {name} has no warm-up: training.warmup_steps does nothing{instead}")
    least = max(getattr(scheduler, "min_lrs", [0.0]))
    if least > settings.learning_rate:
        notes.append(
            f"lr_scheduler_type {name} never goes below {least:g}, and so above learning_rate: "
            "set min_lr in training.lr_scheduler_kwargs"
        )
    return notes


def _optimizer(settings: TrainingArguments, model: Any) -> Any:
    """The optimizer over the matrix; None where it needs more than that."""
    from transformers import Trainer

    try:
        made, options = Trainer.get_optimizer_cls_and_kwargs(settings, model)
        return None if _name(settings).startswith(BY_MODULE) else made(model.parameters(), **options)
    except ImportError as error:
        raise _off(settings, error) from error
    except Exception as error:  # ValueError for a package that is missing too; anything where an option does not fit
        if _name(settings).startswith(BY_MODULE):
            return None
        raise _off(settings, error) from error


def _name(settings: TrainingArguments) -> str:
    from transformers.training_args import OptimizerNames

    return str(OptimizerNames(settings.optim).value)


def _off(settings: TrainingArguments, error: Exception) -> FinetuiError:
    options = f", optim_args: {settings.optim_args}" if settings.optim_args else ""
    key = "training.optim"
    return FinetuiError(
        f"the optimizer {_name(settings)} does not run here",
        f"{key}: {_name(settings)}{options}; {first_line(error)}",
        "install what it names, or choose another, e.g. adamw_torch_fused, sgd, adafactor",
        key=key,
    )


def _scheduler(settings: TrainingArguments, optimizer: Any, steps: int) -> Any:
    from transformers import get_scheduler
    from transformers.optimization import TYPE_TO_SCHEDULER_FUNCTION
    from transformers.trainer_utils import SchedulerType

    name = SchedulerType(settings.lr_scheduler_type)
    options = settings.lr_scheduler_kwargs
    given = dict(options) if isinstance(options, dict) else {}
    function: Any = TYPE_TO_SCHEDULER_FUNCTION[name]
    takes = {} if name.value in WITHOUT_OPTIONS else _options(function)
    known = ", ".join(takes) or "none"
    if not set(given) <= set(takes):
        wrong = ", ".join(sorted(set(given) - set(takes)))
        raise _misfit(f"lr_scheduler_type {name.value} has no option {wrong}", given, f"its options: {known}")
    missing = [option for option, needed in takes.items() if needed and option not in given]
    if missing:
        hint = f"set training.lr_scheduler_kwargs: {{{missing[0]}: ...}}; its options: {known}"
        raise _misfit(f"lr_scheduler_type {name.value} needs {', '.join(missing)}", given, hint)
    try:
        return get_scheduler(
            name,
            optimizer,
            num_warmup_steps=settings.get_warmup_steps(steps),
            num_training_steps=steps,
            scheduler_specific_kwargs=given,
        )
    except Exception as error:  # a schedule raises what it likes about its options
        raise _misfit(f"lr_scheduler_type {name.value}: {first_line(error)}", given, f"its options: {known}") from error


def _options(function: Any) -> dict[str, bool]:
    """What a schedule takes of its own -> whether it must be given."""
    common = ("optimizer", "num_warmup_steps", "num_training_steps", "last_epoch", "kwargs")
    parameters = inspect.signature(function).parameters
    found = {name: it.default is inspect.Parameter.empty for name, it in parameters.items() if name not in common}
    if "kwargs" in parameters:  # handed on to the scheduler of the same purpose
        from transformers import optimization

        names = {"get_reduce_on_plateau_schedule": "ReduceLROnPlateau", "get_greedy_schedule": "GreedyLR"}
        inner = getattr(optimization, names.get(function.__name__, ""), None)
        if inner is not None:
            found |= {name: False for name in inspect.signature(inner).parameters if name not in common}
    return found


def _misfit(title: str, given: dict[str, Any], hint: str) -> FinetuiError:
    key = "training.lr_scheduler_kwargs"
    return FinetuiError(title, f"{key}: {given or 'not given'}", hint, key=key)
