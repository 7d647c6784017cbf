"""The method held against task and architecture, before any weights are loaded."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import FinetuiError
from core.methods import adalora, fitting, freezing, kinds, options, structure
from core.methods.apply import apply
from core.methods.sizes import Size, size

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from core.config import MethodConfig, ModelConfig
    from core.tasks.base import Task


@dataclass(frozen=True, slots=True)
class Settled:
    """A method that fits.

    Attributes:
        method: with the defaults filled in that finetui chose.
        notes: those choices, for people.
    """

    method: MethodConfig
    size: Size
    notes: list[str]


def settle(model: ModelConfig, method: MethodConfig, task: Task, architecture: PreTrainedConfig, steps: int) -> Settled:
    """Try the method on the architecture without weights (meta device).

    Args:
        steps: optimizer steps of the run, about.

    Raises:
        FinetuiError: the method does not fit, or one of its options.
    """
    reason = fitting.why_not(method.kind, architecture.model_type, task.auto_class)
    if reason:
        fit = [kind for kind in kinds.ADAPTERS if not fitting.why_not(kind, architecture.model_type, task.auto_class)]
        raise FinetuiError(
            f"{method.kind} does not fit {task.auto_class} on {architecture.model_type}",
            reason,
            f"methods that do: full, freeze, {', '.join(fit)}",
            key="method.kind",
        )
    method, notes = with_defaults(method, on_meta(model, task, architecture))
    if method.kind == "adalora":
        adalora.check(options.peft_config(method, task.peft_task_type, steps))
    return Settled(method, size_on_meta(model, method, task, architecture, steps), notes)


def size_on_meta(
    model: ModelConfig, method: MethodConfig, task: Task, architecture: PreTrainedConfig, steps: int | None = None
) -> Size:
    """The parameters of the model under the method, from the architecture alone.

    Raises:
        FinetuiError: the method cannot be put on it.
    """
    import torch

    bare = on_meta(model, task, architecture)
    try:
        with torch.device("meta"):
            return size(apply(bare, method, task.peft_task_type, steps))
    except FinetuiError as error:
        if "meta" not in str(error.__cause__).lower():
            raise
    # A few methods look at the weights they are put on (SVD, sparse masks): random ones of the same shape will do.
    return size(apply(_made(model, task, architecture), method, task.peft_task_type, steps))


def on_meta(model: ModelConfig, task: Task, architecture: PreTrainedConfig) -> PreTrainedModel:
    """The architecture with the task's head, without weights."""
    import torch

    with torch.device("meta"):
        return _made(model, task, architecture)


def _made(model: ModelConfig, task: Task, architecture: PreTrainedConfig) -> PreTrainedModel:
    from core import models

    config = copy.deepcopy(architecture)
    for name, value in task.model_options().items():
        setattr(config, name, value)
    auto = models.auto_class(model, task, architecture)
    made: PreTrainedModel = auto.from_config(config, trust_remote_code=model.trust_remote_code)
    return made


def with_defaults(method: MethodConfig, model: PreTrainedModel) -> tuple[MethodConfig, list[str]]:
    """The method with what PEFT wants to be told and the config does not say, and notes on it.

    Args:
        model: without adapter; it needs no weights.
    """
    if method.kind == "freeze" and method.layers is None:
        return method.model_copy(update={"layers": freezing.LAYERS}), []
    given = method.options()
    chosen = {name: value for name, value in kinds.DEFAULTS.get(method.kind, {}).items() if name not in given}
    notes = []
    if not {"target_modules", "target_parameters"} & given.keys() and _peft_knows_not(method.kind, model):
        chosen["target_modules"] = structure.norms(model) if method.kind == "ln-tuning" else "all-linear"
        words = "the normalizations" if method.kind == "ln-tuning" else "every linear module but the head"
        notes.append(f"PEFT has no target_modules for {method.kind} on {model.config.model_type}: {words} it is")
    return method.model_copy(update=chosen), notes


def _peft_knows_not(kind: str, model: PreTrainedModel) -> bool:
    """Whether a method adapts modules that PEFT's tables do not name for the architecture."""
    if "target_modules" not in options.options_of(kind):
        return False
    from peft import PeftType
    from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING

    tables = getattr(PEFT_TYPE_TO_TUNER_MAPPING[PeftType(kinds.peft_type(kind))], "target_module_mapping", None)
    return tables is not None and model.config.model_type not in tables
