"""What a run says: frozen dataclasses of plain values, each to and from one line of `events.jsonl`."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Phase = Literal["checking", "loading", "tokenizing", "training", "evaluating", "sampling", "saving"]
Reason = Literal["completed", "stopped", "early_stopped"]
Level = Literal["info", "warning", "error"]
CLASSES_SHOWN = 50
"""Of how many classes, at most, there is a confusion matrix; of more the most frequent ones are counted alone."""
TOKENS = "num_input_tokens_seen"
"""How many tokens were trained on so far: the Trainer's name for it. Not a metric that is looked at, but a measure of
how far the run is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has: unix seconds, and the optimizer step and epoch where they apply."""

    t: float
    step: int | None = None
    epoch: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """The engine took up the run; `run` is its folder. `resumed_from` is the step of the checkpoint, if any."""

    run: str
    name: str
    task: str
    model: str
    method: str
    engine: str
    resumed_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseChanged(Event):
    """What the engine does from now on; `detail` says to what."""

    phase: Phase
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """How far a phase is: `done` of `total` in `unit` (step, row, batch).

    `rate` is in units a second, pauses, evaluations and checkpoints left out; `eta` is the seconds left, with the
    evaluations and checkpoints that are to come, as long as the last ones took.
    """

    phase: Phase
    done: int
    total: int
    unit: str = "step"
    rate: float | None = None
    eta: float | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLogged(Event):
    """What the trainer logged: loss, learning_rate, grad_norm, ...

    `samples_per_second` and `tokens_per_second` (padding left out) are those of the steps since the log before; what
    evaluations, checkpoints and pauses took is not in them. `num_input_tokens_seen` are the tokens that were trained
    on up to this step, also before the run was resumed; pads are not counted.
    """

    metrics: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpent(Event):
    """What the training thread has spent its time on since it took the run up, in seconds per activity.

    The activities are those of `core.training.time_shares`: data, training (forward, backward, optimizer), evaluation,
    sampling, checkpoints, paused, other.
    """

    seconds: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated(Event):
    """The metrics of one evaluation, each with the prefix `eval_`. What could not be computed is absent."""

    metrics: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassesCounted(Event):
    """What came out for each class at an evaluation; it follows the Evaluated of the same step.

    `support` is how often a class is true, `predicted` how often it was predicted, `correct` how often both. `matrix`
    counts rows by true class (down) and predicted class (across); it is empty for multi-label, and for more than
    CLASSES_SHOWN of the task's `classes`, of which the most frequent ones are listed.
    """

    labels: list[str]
    support: list[int]
    predicted: list[int]
    correct: list[int]
    matrix: list[list[int]] = field(default_factory=list)
    classes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled(Event):
    """What the model answered to its fixed inputs; long texts are cut.

    Each of `samples` has `input` and `answer`; where they apply: `pair` (the second text), `probability` (of the
    answer), `expected` (the true label, or the text that follows), `correct` (whether the answer is that).
    """

    samples: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineScored(Event):
    """What a simpler method reaches on the same evaluation split; `metrics` have the prefix `eval_`."""

    name: str
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSaved(Event):
    """A complete checkpoint stands at `path`, relative to the run folder."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTaken(Event):
    """The engine carried out a command; `command` is as it stands in the inbox.

    Where it changed the learning rate, `before` and `after` are that rate.
    """

    command: dict[str, Any]
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDeferred(Event):
    """The engine has read a command that it cannot carry out yet; `until` says when: after the evaluation."""

    command: dict[str, Any]
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDropped(Event):
    """The engine will never carry out a command; `reason` says why: the run ended first."""

    command: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice(Event):
    """What a finding means and what to try. `kind` is a fixed word: overfitting, nan, ...

    `level` says whether it is good to know or asks for something to be done; `since` is the step where it began. It
    stands until it is withdrawn; the same kind `again` has newer figures, and takes the place of the one before.
    """

    kind: str
    message: str
    hint: str = ""
    level: Level = "warning"
    since: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceWithdrawn(Event):
    """What an Advice of this kind said holds no longer."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Event):
    """Something worth knowing: a guess that was made, a library's warning."""

    message: str
    level: Level = "info"
    source: str = "finetui"


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareRead(Event):
    """One reading of the machine. Memory in bytes, load and utilisation in percent.

    `devices` has one entry per GPU: name, utilization, memory_used, memory_total, power_w, temperature_c.
    The peaks are the most that this process ever held: of memory, and of each GPU's memory in torch's tensors.
    """

    cpu_percent: float
    memory_used: int
    memory_total: int
    process_memory: int
    disk_free: int
    devices: list[dict[str, Any]] = field(default_factory=list)
    process_memory_peak: int | None = None
    gpu_memory_peaks: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The run ended well. `metrics` are those of the final evaluation, of the model that was saved.

    `seconds` are those since it was taken up last; `RunState.seconds` adds up all lives.
    """

    reason: Reason
    run: str
    metrics: dict[str, float]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed(Event):
    """The run ended badly; the first three fields, the key and the exit code are those of a FinetuiError.

    `exit_code` is 2 where the input was at fault and nothing was trained, else 1.
    """

    title: str
    detail: str = ""
    hint: str = ""
    traceback: str = ""
    exit_code: int = 1
    key: str = ""
    run: str = ""


TYPES: dict[str, type[Event]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind
    for kind in (
        RunStarted,
        PhaseChanged,
        Progress,
        StepLogged,
        TimeSpent,
        Evaluated,
        ClassesCounted,
        Sampled,
        BaselineScored,
        CheckpointSaved,
        CommandTaken,
        CommandDeferred,
        CommandDropped,
        Advice,
        AdviceWithdrawn,
        Notice,
        HardwareRead,
        RunFinished,
        RunFailed,
    )
}
_NAME_OF = {kind: name for name, kind in TYPES.items()}
_FIELDS = {kind: frozenset(item.name for item in dataclasses.fields(kind)) for kind in TYPES.values()}
_FLOAT_FIELDS = {
    kind: {item.name for item in dataclasses.fields(kind) if "float" in str(item.type)} for kind in TYPES.values()
}
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def name_of(event: Event) -> str:
    """The `type` that the event has in JSON: `step_logged` for StepLogged."""
    return _NAME_OF[type(event)]


def to_json(event: Event) -> str:
    """One line, without its newline. NaN and infinity, which JSON lacks, become strings; absent fields are left out."""
    data: dict[str, Any] = {"type": name_of(event)}
    for item in dataclasses.fields(event):
        value = getattr(event, item.name)
        if value is not None:
            data[item.name] = finite(value)
    return json.dumps(data, ensure_ascii=False, allow_nan=False)


def from_json(line: str) -> Event | None:
    """The event of a line; None where the type is unknown (a newer version wrote it).

    Fields that this version does not know are dropped.

    Raises:
        ValueError: the line is not JSON, not an object, or lacks a field of its type.
    """
    return from_dict(parse(line))


def parse(line: str) -> dict[str, Any]:
    """The JSON object of a line.

    Raises:
        ValueError: the line is not JSON, or not an object.
    """
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return data


def from_dict(data: Mapping[str, Any]) -> Event | None:
    """The event of a line that is parsed already, as `from_json` gives it."""
    kind = TYPES.get(str(data.get("type", "")))
    if kind is None:
        return None
    known = _FIELDS[kind]
    values = {key: value for key, value in data.items() if key in known}
    for key in _FLOAT_FIELDS[kind] & values.keys():
        values[key] = number(values[key])
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(str(error)) from None


def finite(value: Any) -> Any:
    """`value` with every NaN and infinity in it, which JSON lacks, as a string."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return value


def number(value: Any) -> Any:
    """What `finite` made words of, as numbers again."""
    if isinstance(value, dict):
        return {key: number(item) for key, item in value.items()}
    return _NON_FINITE.get(value, value) if isinstance(value, str) else value
