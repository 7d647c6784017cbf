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
class ScaleLearningRate:
    """Multiply the learning rate by `factor` now, whatever it is by then; the schedule goes on in proportion."""

    factor: float


@dataclass(frozen=True, slots=True)
class Sample:
    """Ask the model after the step that is under way; a text of one's own is asked from then on as well."""

    text: str = ""
    text_pair: str = ""


Command = Pause | Resume | Stop | Save | Evaluate | SetLearningRate | ScaleLearningRate | Sample

BETWEEN_BATCHES = (Pause, Resume, SetLearningRate, ScaleLearningRate)
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
    "scale_learning_rate": ScaleLearningRate,
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
    """The command of `finetui tell RUN TEXT`: `pause`, `save`, `lr=1e-5`, `lr=0.5x`, `sample=TEXT`, ...

    A tab parts a sample's text from its pair.

    Raises:
        FinetuiError: no command is called that, the learning rate is not a number from 0 up, or its factor not one
            above 0.
    """
    name, equals, value = text.partition("=")
    if name == "lr" and equals:
        return _rate(value, text)
    if name == "sample" and value.strip():
        first, _, second = value.partition("\t")
        return Sample(first, second)
    if name in PLAIN and not equals:
        return PLAIN[name]
    import difflib

    close = difflib.get_close_matches(name, [*PLAIN, "lr"], 1)
    hint = f"did you mean {close[0]}? " if close and close[0] != name else ""
    known = "pause, resume, save, evaluate, sample, sample=TEXT, stop, lr=1e-5 or lr=0.5x"
    raise FinetuiError(f"a run cannot be told: {text}", "finetui tell", f"{hint}{known}")


def _rate(value: str, text: str) -> SetLearningRate | ScaleLearningRate:
    """`1e-5`, or `0.5x` for half of what it is."""
    number = value.removesuffix("x")
    try:
        rate = float(number)
    except ValueError:
        rate = math.nan
    is_factor = number != value
    if not math.isfinite(rate) or rate < 0 or (is_factor and rate == 0):
        hint = "give a number of 0 or more, or a factor: lr=1e-5, lr=0.5x"
        raise FinetuiError(f"not a learning rate: {value}", text, hint)
    return ScaleLearningRate(rate) if is_factor else SetLearningRate(rate)
