"""RunConfig from a YAML file and `--set`, with errors that name file and line; and back to YAML."""

from __future__ import annotations

import difflib
import json
import re
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from core import user_code, yaml12
from core.chat import templates
from core.config import RunConfig
from core.errors import FinetuiError

NAMES = re.compile(r"[\w.:/-]*[\w/](\s*,\s*[\w.:/-]*[\w/])*")
"""Names with commas between: a list but for its brackets."""


class LoadedConfig:
    """A RunConfig together with the place in the file that each key came from."""

    def __init__(self, config: RunConfig, document: yaml12.Document) -> None:
        self.config = config
        self.document = document

    def where(self, *location: str | int) -> str:
        """`file:line` of a key."""
        return self.document.where(location)


def load(path: Path, overrides: list[str] | None = None) -> LoadedConfig:
    """The config of a YAML file, with `key.path=value` overrides laid over it.

    Relative paths in the file count from the file; those of overrides from the working directory.

    Raises:
        FinetuiError: unreadable, unknown key, wrong value; the detail names file and line.
    """
    document = yaml12.read(path)
    resolve_paths(document.data, path.resolve().parent)
    for override in overrides or []:
        _apply(document, override)
    return LoadedConfig(validate(document.data, document), document)


def validate(data: dict[str, Any], document: yaml12.Document | None = None) -> RunConfig:
    """The RunConfig of plain data.

    Raises:
        FinetuiError: the first thing that is wrong with it.
    """
    document = document or yaml12.Document(data, {}, None)
    try:
        return RunConfig.model_validate(data)
    except ValidationError as error:
        raise _as_finetui_error(error, document) from None


def to_data(config: RunConfig) -> dict[str, Any]:
    """Plain data of a config, every default spelled out, absent values left out.

    Options of an adapter count only for an adapter.
    """
    data = config.model_dump(mode="json", exclude_none=True)
    if config.method.kind in ("full", "freeze"):
        own = {"kind"} if config.method.kind == "full" else {"kind", "layers"}
        data["method"] = {name: value for name, value in data["method"].items() if name in own}
    return {key: value for key, value in data.items() if value != {}}


def to_yaml(config: RunConfig) -> str:
    """The config as the text of a file that `load` reads back to the same config."""
    return yaml12.dump(to_data(config))


def is_local(value: str) -> bool:
    """Whether a model or data id names a place on this machine rather than a repository on the Hub."""
    return value.startswith(("/", "./", "../", "~")) or value in (".", "..") or Path(value).exists()


def resolve_paths(data: dict[str, Any], base: Path) -> None:
    """Make the paths in `data` absolute, counting from `base`; Hub ids stay as they are."""
    model, source = data.get("model"), data.get("data")
    names = data.get("metrics")
    if isinstance(names, list):
        data["metrics"] = [user_code.resolved(name, base) if isinstance(name, str) else name for name in names]
    if isinstance(model, dict):
        for key in ("id", "tokenizer", "chat_template"):
            if key == "chat_template" and model.get(key) in templates.BUILT_IN:
                continue  # a folder of that name is not meant
            model[key] = _resolve(model[key], base) if isinstance(model.get(key), str) else model.get(key)
            if model[key] is None:
                del model[key]
    if isinstance(data.get("loss"), str):
        data["loss"] = user_code.resolved(data["loss"], base)
    if isinstance(source, dict):
        if isinstance(source.get("id"), str):
            source["id"] = _resolve(source["id"], base)
        if isinstance(source.get("files"), dict):
            source["files"] = {split: _resolve_all(files, base) for split, files in source["files"].items()}


def _resolve(value: str, base: Path, always: bool = False) -> str:
    path = Path(value).expanduser()
    candidate = path if path.is_absolute() else base / path
    if always or value.startswith(("./", "../", "~", "/")) or value in (".", "..") or candidate.exists():
        return str(Path(*candidate.parts).resolve())
    return value


def _resolve_all(files: Any, base: Path) -> Any:
    if isinstance(files, str):
        return _resolve(files, base, always=True)
    if isinstance(files, list):
        return [_resolve_all(item, base) for item in files]
    return files


def _apply(document: yaml12.Document, override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise FinetuiError(f"not a setting: {override}", "--set", "write it as --set training.learning_rate=1e-4")
    patch: dict[str, Any] = {}
    node = patch
    *parents, last = key.strip().split(".")
    for parent in parents:
        node = node.setdefault(parent, {})
    node[last] = yaml12.scalar(text)
    resolve_paths(patch, Path.cwd())
    _merge(document.data, patch)
    document.mark((*parents, last), f"--set {override}")


def _merge(data: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(data.get(key), dict):
            _merge(data[key], value)
        elif value is None and isinstance(data.get(key), dict):
            del data[key]  # null clears a section
        else:
            data[key] = value


def _as_finetui_error(error: ValidationError, document: yaml12.Document) -> FinetuiError:
    problems = error.errors(include_url=False)
    # An unknown key is often the cause of what else is wrong (`modle:` leaves `model` missing): say it first.
    problem = next((item for item in problems if item["type"] == "extra_forbidden"), problems[0])
    location = _in_file(tuple(problem["loc"]), document.data)
    key = ".".join(str(part) for part in location)
    if location != tuple(problem["loc"]):
        title, hint = _no_form_fits(key, location, document.data)
    else:
        title, hint = _explain(key, location, dict(problem))
    return FinetuiError(title, document.where(location), hint, key=key)


def _in_file(location: tuple[str | int, ...], data: Any) -> tuple[str | int, ...]:
    """A place without what the validator adds: where a field takes several forms, the form that it tried."""
    for depth, part in enumerate(location):
        held = part in data if isinstance(data, dict) else isinstance(data, list) and isinstance(part, int)
        if held:
            data = data[part]
        elif _model_at(location[:depth]) is None:
            return location[:depth]
        else:
            break
    return location


def _no_form_fits(key: str, location: tuple[str | int, ...], data: Any) -> tuple[str, str]:
    """What is wrong with a value of a field that takes several forms, and what to do."""
    given = data
    for part in location:
        given = given[part]
    glued = [str(name) for name, value in given.items() if value is None] if isinstance(given, dict) else []
    if glued and ":" in glued[0]:
        name, _, value = glued[0].partition(":")
        return f"`{key}` has no value for {glued[0]!r}", f"a colon needs a blank after it: {{{name}: {value}, ...}}"
    field = next(filter(None, (_field(location[:end]) for end in range(len(location), 0, -1))), None)
    accepted = (field.description if field else None) or "another form of value"
    return f"`{key}` cannot be {given!r}", f"it takes: {accepted}"


def _explain(key: str, location: tuple[str | int, ...], problem: dict[str, Any]) -> tuple[str, str]:
    """What is wrong with a key, and what to do."""
    given = problem["input"]
    if problem["type"] == "extra_forbidden":
        return f"unknown key `{key}`", _unknown_key_hint(location)
    if problem["type"] == "missing":
        return f"`{key}` is missing", f"add `{location[-1]}:`{_help_of(location)}"
    if problem["type"] == "literal_error":
        allowed = [str(item).strip("'") for item in problem["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        close = difflib.get_close_matches(str(given), allowed, 3)
        close.sort(key=lambda word: sorted(word) != sorted(str(given)))  # letters that changed places first
        hint = f"did you mean {close[0]}? " if close else ""
        return f"`{key}` cannot be {given!r}", f"{hint}one of: {', '.join(allowed)}"
    if problem["type"] in ("model_type", "dict_type", "model_attributes_type"):
        return f"`{key}` cannot be {given!r}", f"it is a section: give it keys and values{_help_of(location)}"
    if problem["type"] == "list_type":
        return f"`{key}` cannot be {given!r}", f"it takes a list: {_as_list(given, location)}{_help_of(location)}"
    message = problem["msg"].removeprefix("Value error, ")
    title = f"`{key}` is not right" if isinstance(given, dict) else f"`{key}` cannot be {given!r}"
    return title, message[0].lower() + message[1:] + _help_of(location)


def _as_list(given: Any, location: tuple[str | int, ...]) -> str:
    """What was given instead of a list as the list that was probably meant, as it stands in a file."""
    if isinstance(given, dict):
        return "[one, another]"
    field = _field(location)
    of_names = field is not None and list[str] in (field.annotation, *get_args(field.annotation))
    return (
        f"[{given}]"
        if of_names and NAMES.fullmatch(str(given))
        else json.dumps([given], ensure_ascii=False, default=str)
    )


def _unknown_key_hint(location: tuple[str | int, ...]) -> str:
    section = _model_at(location[:-1])
    name = str(location[-1])
    known = list(section.model_fields) if section else []
    close = difflib.get_close_matches(name, known, 1, cutoff=0.75)
    if close:
        return f"did you mean `{close[0]}`?"
    for parent, field in RunConfig.model_fields.items():
        model = section_in(field.annotation)
        elsewhere = difflib.get_close_matches(name, list(model.model_fields), 1, cutoff=0.75) if model else []
        if elsewhere:
            return f"`{elsewhere[0]}` belongs under `{parent}:`"
    return f"known keys here: {', '.join(known)}"


def _field(location: tuple[str | int, ...]) -> FieldInfo | None:
    section = _model_at(location[:-1]) if location else None
    return section.model_fields.get(str(location[-1])) if section else None


def _help_of(location: tuple[str | int, ...]) -> str:
    field = _field(location)
    return f" ({field.description})" if field is not None and field.description else ""


def _model_at(location: tuple[str | int, ...]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = RunConfig
    for part in location:
        field = model.model_fields.get(str(part)) if model else None
        model = section_in(field.annotation) if field else None
    return model


def section_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a field of this type holds; None for plain values."""
    for item in (annotation, *get_args(annotation)):
        if isinstance(item, type) and issubclass(item, BaseModel):
            return item
    return None
