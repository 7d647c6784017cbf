"""The method of a run, as source: which weights are trained."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from core.methods import freezing, kinds, options, structure
from core.methods.apply import KNOWN_HEADS, NEW_HEADS
from core.scripts.writing import call, fill, keyword_arguments, literal

if TYPE_CHECKING:
    from core.scripts.run import ScriptRun

FREEZE = """
    # Only the last layers and the head are trained.
    TRAINED = $names
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(TRAINED)
"""
ADAPTER = """
    # The base stays as it is; a small adapter is trained.
    $config
    model = get_peft_model(model, adapter)
    $floats
    model.print_trainable_parameters()
"""
FLOATS = """
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()  # small steps are lost in fewer bits
"""


def source(run: ScriptRun, steps: int) -> tuple[list[str], str]:
    """Imports, and code that makes of `model` what is trained; both empty where every weight is.

    Args:
        steps: optimizer steps of the run, for a method that plans by them.
    """
    method = run.config.method
    if method.kind == "full":
        return [], ""
    if method.kind == "freeze":
        last = freezing.LAYERS if method.layers is None else method.layers
        return [], fill(FREEZE, names=literal(_trained(run, last)))
    config = options.peft_config(method, run.task.peft_task_type, steps)
    given: dict[str, Any] = {"task_type": run.task.peft_task_type} if run.task.peft_task_type else {}
    for name, value in method.options().items():
        if value is not None:
            given[name] = value.value if isinstance(value, enum.Enum) else value
    for name, value in kinds.DEFAULTS.get(method.kind, {}).items():
        given.setdefault(name, value)
    if "total_step" in options.options_of(method.kind):
        given.setdefault("total_step", steps)
    heads = _heads(run, config)
    if heads:
        given["modules_to_save"] = heads
    name = type(config).__name__
    imports = [f"from peft import {name}, get_peft_model"]
    code = fill(
        ADAPTER,
        config=f"adapter = {call(name, keyword_arguments(given))}",
        floats=fill(FLOATS) if run.weights != "float32" else "",
    )
    if run.config.model.quantization:
        imports.append("from peft import prepare_model_for_kbit_training")
        code = f"model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)\n{code}"
    return imports, code


def _heads(run: ScriptRun, config: Any) -> list[str]:
    """New heads that PEFT does not know by their names: they are trained whole."""
    if config.task_type not in NEW_HEADS or not hasattr(config, "modules_to_save"):
        return []
    unknown = [name for name in structure.heads(run.model()) if not name.endswith(KNOWN_HEADS)]
    named = config.modules_to_save
    given = [named] if isinstance(named, str) else list(named or [])
    return [*given, *(name for name in unknown if name not in given)] if unknown else []


def _trained(run: ScriptRun, last: int) -> tuple[str, ...]:
    """What the names of the trained parameters begin with: those of layers and heads, or the names themselves."""
    model = run.model()
    freezing.freeze(model, last)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    found: list[str] = []
    for name in (name for name, _ in model.named_parameters() if name in trained):
        if any(name.startswith(prefix) for prefix in found):
            continue
        parts = name.split(".")
        prefixes = [".".join(parts[:count]) + "." for count in range(1, len(parts))]
        found.append(next((p for p in prefixes if not any(other.startswith(p) for other in frozen)), name))
    return tuple(found)
