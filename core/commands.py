"""What a run can be told: one JSON object a line of `inbox.jsonl`."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

from core.errors import FinetuiError


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold after the step that is under way."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Finish the step, write a checkpoint, end the run as stopped."""


@dataclass(frozen=True, slots=True)
class Save:
    """Write a checkpoint after the step that is under way."""


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Evaluate after the step that is under way."""


@dataclass(frozen=True, slots=True)
class SetLearningRate:
    """Make `value` the learning rate now; the schedule goes on in proportion from there."""

    value: float


@dataclass(frozen=True, slots=True)
class Sample:
    """Ask the model after the step that is under way; a text of one's own is asked from then on as well."""

    text: str = ""
    text_pair: str = ""


Command = Pause | Resume | Stop | Save | Evaluate | SetLearningRate | Sample

BETWEEN_BATCHES = (Pause, Resume, SetLearningRate)
"""What is taken in the middle of an evaluation: it touches neither weights nor scores."""

PLAIN: dict[str, Command] = {
    "pause": Pause(),
    "resume": Resume(),
    "stop": Stop(),
    "save": Save(),
    "evaluate": Evaluate(),
    "sample": Sample(),
}
"""The commands that need no value, by name."""

_NAMES: dict[str, type[Command]] = {
    **{name: type(command) for name, command in PLAIN.items()},
    "set_learning_rate": SetLearningRate,
}
_NAME_OF = {kind: name for name, kind in _NAMES.items()}


def to_dict(command: Command) -> dict[str, Any]:
    """`{"command": "set_learning_rate", "value": 1e-05}`"""
    return {"command": _NAME_OF[type(command)], **dataclasses.asdict(command)}


def to_json(command: Command) -> str:
    """One line of the inbox, without its newline."""
    return json.dumps(to_dict(command))


def from_json(line: str) -> Command | None:
    """The command of an inbox line; None for a line that holds none (the run goes on)."""
    try:
        data = json.loads(line)
        return _NAMES[data.pop("command")](**data)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def parse(text: str) -> Command:
    """The command of `finetui tell RUN TEXT`: `pause`, `save`, `lr=1e-5`, `sample=TEXT`, ...

    A tab parts a sample's text from its pair.

    Raises:
        FinetuiError: no command is called that, or the learning rate is not a number from 0 up.
    """
    name, equals, value = text.partition("=")
    if name == "lr" and equals:
        try:
            rate = float(value)
        except ValueError:
            rate = math.nan
        if not (math.isfinite(rate) and rate >= 0):
            raise FinetuiError(f"not a learning rate: {value}", text, "give a number of 0 or more: lr=1e-5")
        return SetLearningRate(rate)
    if name == "sample" and value.strip():
        first, _, second = value.partition("\t")
        return Sample(first, second)
    if name in PLAIN and not equals:
        return PLAIN[name]
    import difflib

    close = difflib.get_close_matches(name, [*PLAIN, "lr"], 1)
    hint = f"did you mean {close[0]}? " if close and close[0] != name else ""
    known = "pause, resume, save, evaluate, sample, sample=TEXT, stop or lr=1e-5"
    raise FinetuiError(f"a run cannot be told: {text}", "finetui tell", f"{hint}{known}")
