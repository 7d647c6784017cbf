"""The fields of the form, derived from the one declaration of a run: `core.config.RunConfig`."""

from __future__ import annotations

import enum
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from core.config import Provenance, RunConfig
from core.config_file import section_in

if TYPE_CHECKING:
    from core.config import TaskName
    from core.data.columns import Role

Path = tuple[str, ...]

OTHER = "*"
"""Last part of the path of a section's free field: the keys it takes beyond its declared ones."""

COLUMNS: Path = ("data", "columns")
"""The mapping that the form shows as one field per role of the task."""


@dataclass(frozen=True)
class FormField:
    """One line of the form.

    Attributes:
        path: the keys down to the value in the config file.
        help: what the value means.
        annotation: the type that the text is read as.
        default: what holds while the field is empty; None where the library or the data decides.
        choices: the words to choose from; empty for free text.
    """

    path: Path
    help: str
    annotation: Any
    default: Any = None
    choices: tuple[str, ...] = ()
    is_switch: bool = False
    """Whether it turns the section of the same name on and off."""
    picked: bool = False
    """Whether a person asked for it by name: it stands with the first of its section."""

    @property
    def name(self) -> str:
        """The key as it stands in the file."""
        return "other" if self.is_other else self.path[-1]

    @property
    def is_other(self) -> bool:
        return self.path[-1] == OTHER


def declared() -> dict[Path, FormField]:
    """Every field of the form but the column roles, in the order of the declaration."""
    return {field.path: field for field in _walk(RunConfig, ())}


def for_roles(roles: Sequence[Role]) -> dict[Path, FormField]:
    """One field per role of a task: which column plays it."""
    return {(*COLUMNS, role.name): FormField((*COLUMNS, role.name), role.help, str) for role in roles}


def for_method(kind: str) -> dict[Path, FormField]:
    """One field per option of an adapter, from its PEFT config class. The first call imports PEFT: for a thread."""
    from core.methods.options import options_of

    found: dict[Path, FormField] = {}
    for option in options_of(kind).values():
        path = ("method", option.name)
        found[path] = FormField(path, option.help, option.annotation, option.default, _choices(option.annotation))
    return found


def for_arguments(task: TaskName) -> dict[Path, FormField]:
    """One field per argument of the task's own class that has none on the form. Imports transformers: for a thread."""
    from core.training.arguments import options_of

    known = declared()
    found: dict[Path, FormField] = {}
    for option in options_of(task).values():
        path = ("training", option.name)
        if path not in known:
            found[path] = FormField(path, option.help, option.annotation, option.default, _choices(option.annotation))
    return found


def with_defaults(known: Mapping[Path, FormField], section: str, defaults: Mapping[str, Any]) -> dict[Path, FormField]:
    """The fields with other defaults for those of a section that are named."""
    own: dict[Path, Any] = {(section, name): value for name, value in defaults.items()}
    return {path: replace(field, default=own.get(path, field.default)) for path, field in known.items()}


def types_in(annotation: Any) -> set[Any]:
    """The plain types that a value may have: `dict[str, int] | None` -> {dict}."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return {kind for item in get_args(annotation) for kind in types_in(item)}
    return set() if annotation is type(None) else {origin or annotation}


def _walk(section: type[BaseModel], prefix: Path) -> Iterator[FormField]:
    for name, info in section.model_fields.items():
        path = (*prefix, name)
        inner = section_in(info.annotation)
        if inner is Provenance or path == COLUMNS:
            continue
        if inner is None:
            choices = _choices(info.annotation)
            if len(choices) != 1:
                default = None if info.is_required() else info.default
                yield FormField(path, info.description or "", info.annotation, default, choices)
            continue
        if type(None) in get_args(info.annotation):
            yield FormField(path, (inner.__doc__ or "").strip().rstrip("."), bool, False, ("no", "yes"), True)
        yield from _walk(inner, path)
        if inner.model_config.get("extra") == "allow":
            yield FormField((*path, OTHER), f"further keys of `{name}:`, one `key: value` a line", dict)


def _choices(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("no", "yes")
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    inner = [item for item in get_args(annotation) if item is not type(None)]
    if len(inner) == 1 and len(get_args(annotation)) == 2:  # of this, or absent
        return _choices(inner[0])
    words = [item for item in inner if isinstance(item, type) and issubclass(item, enum.Enum)]
    return tuple(str(item.value) for item in words[0]) if words and set(inner) <= {*words, str} else ()
