"""A run on the drawing board: the texts of the form, and the RunConfig that they add up to."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, cast, get_args

from core import config_file, yaml12
from core.config import MethodConfig, RunConfig, TaskName
from core.errors import FinetuiError
from core.methods import options, quantized, virtual_tokens
from core.tasks import task_class
from tui.forms import fields, layout, messages, methods, values
from tui.forms.fields import FormField, Path

TASK: Path = ("task",)
QUANTIZATION: Path = ("model", "quantization")
ENGINE: Path = ("engine",)

_STAND_IN: dict[str, Any] = {"model": {"id": "x"}, "data": {"id": "x"}}
"""The smallest valid config: what is wrong once a field is added to it is wrong with that field."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a field, as one line."""

    path: Path
    message: str


class Draft:
    """The texts of the form by path. An empty text is an absent key.

    Attributes:
        fields: every field of the form; the roles of the task are added once they are known.
        texts: what stands in the fields.
        off: the methods that do not fit task and model, each with its reason; `tasks_off` the tasks that do not fit
            the model.
        picked: the arguments that have a line of their own because somebody asked for it.
        idle: the fields that mean nothing for the data, each with the reason.
    """

    def __init__(self, data: Mapping[str, Any] = layout.START) -> None:
        self.fields: dict[Path, FormField] = fields.declared()
        self.texts: dict[Path, str] = {}
        self.off: dict[str, str] = {}
        self.tasks_off: dict[str, str] = {}
        self.picked: dict[Path, FormField] = {}
        self.idle: dict[Path, str] = {}
        self._unseen: dict[str, Any] = {}
        self._never_in_loop = ""
        self._elsewhere: dict[Path, str] = {}
        self._kind = ""
        self._taking = threading.Lock()
        self._options_of: dict[str, dict[Path, str]] = {}
        self.replace(data)

    def replace(self, data: Mapping[str, Any]) -> None:
        """Fill the form anew with the plain data of a config."""
        self.texts = {}
        self._unseen = {}
        self.picked = {}
        self._fill(data, ())
        self._kind = self.kind
        self._options_of = {}

    def take_data(self, source: Mapping[str, Any], seen: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Take other data, and drop what only held for the data before: its splits, columns and labels.

        Args:
            seen: the model and the task that it was looked at with, as plain data of a config. Data that the form has
                already was looked at with the form's own columns: they stay.
        """
        if not (seen and self._has_data(source)):
            own = ("data", "max_length")
            self.texts = {path: text for path, text in self.texts.items() if path[0] != "data" or path == own}
            self._fill({"data": dict(source)}, ())
        model = str(seen.get("model", {}).get("id", ""))
        if model and model != self.texts.get(("model", "id")):
            self.texts.pop(("model", "revision"), None)  # it is one of the other model's
        self._fill(seen, ())

    def _has_data(self, source: Mapping[str, Any]) -> bool:
        try:
            now = self.data().get("data", {})
        except FinetuiError:
            return False
        return all(now.get(key) == source.get(key) for key in ("id", "files", "subset"))

    @property
    def kind(self) -> str:
        """The method."""
        return self.texts.get(methods.KIND) or str(MethodConfig.model_fields["kind"].default)

    def take_roles(self) -> None:
        """Give the roles of the task and the options of the method their fields, and arguments their defaults; find out
        which methods fit.

        Imports the module of the task, and PEFT for an adapter: not for the event loop.
        """
        # One thread that was too slow for the person may still be at it.
        with self._taking:
            self._take_fields()

    def _take_fields(self) -> None:
        task = self.texts.get(("task",)) or RunConfig.model_fields["task"].default
        known, roles = fields.declared(), dict[Path, FormField]()
        if task in get_args(TaskName):
            found = task_class(cast(TaskName, task))
            known = fields.with_defaults(known, "training", found.argument_defaults)
            roles = fields.for_roles(found.roles)
            self.off = methods.off(self.texts, found.auto_class)
            self.tasks_off = methods.tasks_off(self.texts)
            self._never_in_loop = found.never_in_loop
            passed_over = virtual_tokens.passes_over(self.kind, found.peft_task_type)
            self._elsewhere = {
                **{("training", name): reason for name, reason in found.set_elsewhere.items()},
                **{tuple(key.split(".")): reason for key, reason in passed_over.items()},
            }
        self.fields = {**known, **roles, **fields.for_method(self.kind), **self.picked}
        self._take_options()

    def off_at(self) -> dict[Path, dict[str, str]]:
        """The words that cannot be chosen with the other choices: field -> word -> reason."""
        reason = quantized.why_not(self.kind)
        words = self.fields[QUANTIZATION].choices if reason else ()
        return {
            TASK: self.tasks_off,
            methods.KIND: self.off,
            QUANTIZATION: dict.fromkeys(words, reason),
            ENGINE: {"loop": self._never_in_loop} if self._never_in_loop else {},
        }

    def further(self) -> dict[Path, FormField]:
        """The arguments of the task's class that have no line yet. Imports transformers: not for the event loop."""
        task = self.texts.get(("task",)) or RunConfig.model_fields["task"].default
        if task not in get_args(TaskName):
            return {}
        known = fields.for_arguments(cast(TaskName, task))
        return {path: field for path, field in known.items() if path not in self.fields}

    def pick(self, field: FormField) -> None:
        """Give an argument a line of its own, with what the free field says of it."""
        field = replace(field, picked=True)
        self.picked[field.path] = self.fields[field.path] = field
        self._take_from_free(field.path[0])

    def filled(self) -> dict[Path, str]:
        """The texts that are there."""
        return {path: text for path, text in self.texts.items() if text}

    def to_yaml(self) -> str:
        """The text of the config file that the form stands for.

        Raises:
            FinetuiError: a free field is not YAML.
        """
        return yaml12.dump(self.data())

    def data(self) -> dict[str, Any]:
        """Plain data of what is filled in and counts with the present choices.

        Raises:
            FinetuiError: a free field is not YAML.
        """
        result: dict[str, Any] = {}
        place = {path: index for index, path in enumerate(self.fields)}
        for path in sorted(self.texts, key=lambda path: place.get(path, len(place))):
            text = self.texts[path]
            if text.strip() and layout.shown(path, self.texts):
                _put(result, self.fields.get(path) or FormField(path, "", str), text.strip())
        return {**result, **self._unseen}

    def config(self) -> RunConfig:
        """The run that the form describes, with its local paths made absolute.

        Raises:
            FinetuiError: something is wrong; `problems` says what, field by field.
        """
        data = self.data()
        config_file.resolve_paths(data, FilePath.cwd())
        return config_file.validate(data)

    def check(self, path: Path) -> str:
        """What is wrong with one field, whatever stands in the others; empty if nothing is."""
        text, field = self.texts.get(path, "").strip(), self.fields.get(path)
        if not text or field is None:
            return ""
        data = {key: dict(value) for key, value in _STAND_IN.items()}
        if reason := self.off_at().get(path, {}).get(text):
            return reason
        if reason := self.idle.get(path, ""):
            return f"{reason}: empty it"
        if (reason := self._elsewhere.get(path, "")) and text != str(field.default):
            return f"{reason}: empty it"
        if field.default is not None and text == values.text_of(field, field.default):
            return ""  # as it stands in every config that a run writes down
        if path[0] == "data" and (names := layout.of_other_tasks(path, self.texts)):
            return f"it is for {' and '.join(names)}: empty it"
        if path[0] == "method" and path != methods.KIND:
            data["method"] = {"kind": self.kind}
        if path == ("model", "from_config"):
            data["model"] = {"tokenizer": "x"}
        if path == ("data", "files"):
            data["data"] = {}
        try:
            _put(data, field, text)
            config = config_file.validate(data)
            for name, value in config.method.options().items() if self._knows_options else ():
                options.checked(self.kind, name, value)
        except FinetuiError as error:
            return messages.of(error, field)
        return ""

    def problems(self) -> list[Problem]:
        """What is wrong with the form, in its order; what concerns a whole section stands at its first field."""
        found = [Problem(path, message) for path in self.order() if (message := self.check(path))]
        if found:
            return found
        data = self.data()
        document = yaml12.Document(data, {}, None)
        for path in self.fields:
            for length in range(1, len(path) + 1):
                document.mark(path[:length], "\0".join(path[:length]))
        while True:
            try:
                config_file.validate(data, document)
            except FinetuiError as error:
                location = tuple(error.detail.split("\0"))
                found.append(self._problem_with(location, error))
                if location[0] not in _STAND_IN or data.get(location[0]) == _STAND_IN[location[0]]:
                    return found
                # Another section may be wrong as well: look on with this one made right.
                data[location[0]] = _STAND_IN[location[0]]
            else:
                return found

    def find(self, error: FinetuiError) -> Path | None:
        """The field that an error from outside the form speaks of, by a key in backticks."""
        words = {error.key, *"\n".join(error.lines()).split("`")[1::2]}
        for path in self.order():
            if path[-1] == fields.OTHER:
                if words & {name for key in _keys(self.texts.get(path, "")) for name in (key, f"{path[0]}.{key}")}:
                    return path
            elif ".".join(path) in words or (path[0] == "training" and path[-1] in words):
                return path
        return None

    def order(self) -> Iterator[Path]:
        """The paths of the fields that count now, as they stand on the form."""
        for part in layout.parts(self.fields):
            yield from (field.path for field in (*part.first, *part.more) if self.shown(field.path))

    def shown(self, path: Path) -> bool:
        """Whether a field counts with the present choices and the data; what is filled in stays to be seen."""
        idle = path in self.idle or path in self._elsewhere
        return layout.shown(path, self.texts) and (bool(self.texts.get(path)) or not idle)

    def shown_fields(self) -> Iterator[FormField]:
        """The fields that count now and have a name, as they stand on the form."""
        for path in self.order():
            if path[-1] != fields.OTHER:
                yield self.fields[path]

    @property
    def _knows_options(self) -> bool:
        """Whether PEFT is there to say what an option may be: to import it takes seconds."""
        return any(_is_option(path) and path[1] != fields.OTHER for path in self.fields)

    def _take_options(self) -> None:
        """Each method keeps its own options; those that came without a field get theirs once it is there."""
        if self._kind != self.kind:
            own = [
                path for path in list(self.texts) if path[0] == "method" and path[1] not in MethodConfig.model_fields
            ]
            self._options_of[self._kind] = {path: self.texts.pop(path) for path in own}
            self.texts.update(self._options_of.pop(self.kind, {}))
            self._kind = self.kind
        self._take_from_free("method")

    def _take_from_free(self, section: str) -> None:
        """Move what the free field of a section says of fields that have a line to those."""
        free = (section, fields.OTHER)
        if not self.texts.get(free):
            return
        try:
            given = yaml12.parse(self.texts[free]).data
        except FinetuiError:
            return
        for name in list(given):
            if field := self.fields.get((section, name)):
                self.texts[field.path] = values.text_of(field, given.pop(name))
        self.texts[free] = values.lines_of(given)

    def _is_section(self, path: Path) -> bool:
        return any(len(known) > len(path) and known[: len(path)] == path for known in self.fields)

    def _problem_with(self, location: Path, error: FinetuiError) -> Problem:
        inside = (path for path in self.order() if path[: len(location)] == location)
        path = next(inside, None) or next(self.order())
        missing = error.title.endswith("is missing")
        return Problem(path, "must be given" if missing else messages.of(error, self.fields.get(location)))

    def _fill(self, data: Mapping[str, Any], prefix: Path) -> None:
        other: dict[str, Any] = {}
        for key, value in data.items():
            path = (*prefix, key)
            field = self.fields.get(path)
            if path == fields.COLUMNS:
                self.texts.update({(*path, role): str(column) or values.EMPTY for role, column in value.items()})
            elif isinstance(value, dict) and self._is_section(path):
                if field is not None:
                    self.texts[path] = "yes"
                self._fill(value, path)
            elif field is not None and value is not None:
                self.texts[path] = values.text_of(field, value)
            elif (*prefix, fields.OTHER) in self.fields:
                other[key] = value
            elif not prefix:
                self._unseen[key] = value
        if other:
            self.texts[(*prefix, fields.OTHER)] = values.lines_of(other)


def _is_option(path: Path) -> bool:
    """Whether it belongs to the method that is chosen, and not to every one."""
    return path[0] == "method" and path[1] not in MethodConfig.model_fields


def _put(data: dict[str, Any], field: FormField, text: str) -> None:
    """Set the field's value in nested plain data."""
    *parents, last = field.path
    for parent in parents:
        data = data.setdefault(parent, {})
    if field.is_other:
        data.update(yaml12.parse(text).data)
    elif field.is_switch:
        if text == "yes":
            data.setdefault(last, {})
    else:
        data[last] = values.parse(field, text)


def _keys(text: str) -> set[str]:
    return {line.partition(":")[0].strip() for line in text.splitlines()}
