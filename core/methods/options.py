"""The options of an adapter: the fields of its own PEFT config class, with that class's types, defaults and help."""

from __future__ import annotations

import dataclasses
import difflib
import enum
import typing
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError, first_line
from core.methods import kinds
from core.option_help import plain_help

if TYPE_CHECKING:
    from core.config import MethodConfig

OURS = {
    "auto_mapping",
    "base_model_name_or_path",
    "inference_mode",
    "peft_type",
    "peft_version",
    "revision",
    "runtime_config",
    "task_type",
}
"""Fields that follow from the run."""

NO_USE = {("adalora", "r"): "AdaLoRA begins with `init_r` and ends with `target_r`"}
"""Fields that a config class inherits and does not read."""


@dataclass(frozen=True, slots=True)
class Option:
    """A field of a config class. `default` is None where PEFT decides by the model."""

    name: str
    annotation: Any
    default: Any
    help: str


@cache
def options_of(kind: str) -> dict[str, Option]:
    """Every option of an adapter by its name; none for `full` and `freeze`. The first call imports PEFT."""
    if not kinds.is_adapter(kind):
        return {}
    cls = _config_class(kind)
    hints = typing.get_type_hints(cls)
    found = {}
    for field in dataclasses.fields(cls):
        if field.init and field.name not in OURS and (kind, field.name) not in NO_USE:
            default = kinds.DEFAULTS.get(kind, {}).get(field.name, default_of(field))
            words = plain_help(field.metadata.get("help", ""))
            found[field.name] = Option(field.name, hints[field.name], default, words)
    return found


def peft_config(method: MethodConfig, task_type: str | None, steps: int | None = None) -> Any:
    """The PEFT config of a method, before any weights are there.

    Args:
        task_type: name in `peft.TaskType`; None for a task that PEFT has no class for.
        steps: optimizer steps of the run: what `total_step` is where the config does not say it.

    Raises:
        FinetuiError: an option that the method does not have, of another type, or that does not fit with another.
    """
    given = {name: checked(method.kind, name, value) for name, value in method.options().items()}
    values = {**kinds.DEFAULTS.get(method.kind, {}), **given}
    if steps is not None and "total_step" in options_of(method.kind):
        values.setdefault("total_step", steps)
    try:
        return _config_class(method.kind)(task_type=task_type or None, **values)
    except (TypeError, ValueError) as error:
        raise FinetuiError(
            f"the options of {method.kind} do not fit together", first_line(error), "change one of them", key="method"
        ) from None


def checked(kind: str, name: str, value: Any) -> Any:
    """The value of an option as its type has it.

    Raises:
        FinetuiError: the method has no such option, or it is of another type.
    """
    from pydantic import TypeAdapter, ValidationError

    known = options_of(kind)
    key = f"method.{name}"
    if name in OURS:
        raise FinetuiError(f"`{name}` is set by finetui", key, "leave it out", key=key)
    if (kind, name) in NO_USE:
        raise FinetuiError(f"`{name}` has no effect on {kind}", key, NO_USE[kind, name], key=key)
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean `{close[0]}`?" if close else f"its options: {', '.join(known)}"
        raise FinetuiError(f"unknown option `{name}` of {kind}", key, hint, key=key)
    option = known[name]
    try:
        return TypeAdapter(option.annotation).validate_python(value)
    except ValidationError as error:
        said = error.errors(include_url=False)[0]["msg"]
        hint = said[0].lower() + said[1:] + (f" ({option.help})" if option.help else "")
        raise FinetuiError(f"`{key}` cannot be {value!r}", key, hint, key=key) from None


def _config_class(kind: str) -> Any:
    from peft import PeftType
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    return PEFT_TYPE_TO_CONFIG_MAPPING[PeftType(kinds.peft_type(kind))]


def default_of(field: dataclasses.Field[Any]) -> Any:
    """The default of a dataclass's field, an enum's as its value; None where there is none."""
    if field.default is not dataclasses.MISSING:
        default = field.default
    elif field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    else:
        return None
    return default.value if isinstance(default, enum.Enum) else default
