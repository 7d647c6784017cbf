"""Events and commands: to and from one line, what JSON lacks, what a newer or broken writer leaves."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import commands, events
from core.errors import FinetuiError

EXAMPLES = [
    events.RunStarted(t=1.5, run="/r", name="n", task="causal-lm", model="m", method="lora", engine="trainer"),
    events.PhaseChanged(t=1.0, phase="loading", detail="x", step=3),
    events.Progress(t=1.0, phase="training", done=3, total=9, rate=0.5, eta=12.0, paused=True),
    events.StepLogged(t=1.0, step=1, epoch=0.5, metrics={"loss": 0.1}),
    events.TimeSpent(t=1.0, step=3, seconds={"training": 2.5, "data": 0.1}),
    events.Evaluated(t=1.0, metrics={"eval_f1": 1.0}),
    events.ClassesCounted(
        t=1.0,
        step=3,
        labels=["no", "yes"],
        support=[3, 1],
        predicted=[2, 2],
        correct=[2, 1],
        matrix=[[2, 1], [0, 1]],
        classes=2,
    ),
    events.Sampled(t=1.0, step=3, samples=[{"input": "a\nb", "answer": "x", "probability": 0.5, "correct": False}]),
    events.BaselineScored(t=1.0, name="majority class", metrics={"eval_accuracy": 0.5}),
    events.CheckpointSaved(t=1.0, path="checkpoints/checkpoint-3"),
    events.CommandTaken(t=1.0, command={"command": "set_learning_rate", "value": 1e-5}, before=2e-5, after=1e-5),
    events.CommandDeferred(t=1.0, command={"command": "save"}, until="after the evaluation"),
    events.CommandDropped(t=1.0, command={"command": "save"}, reason="the run ended first"),
    events.Advice(t=1.0, kind="nan", message="m", hint="h"),
    events.AdviceWithdrawn(t=1.0, step=3, kind="nan", message="m"),
    events.Notice(t=1.0, message='NaN "quoted" \x1b[31m 日本', level="warning", source="transformers"),
    events.HardwareRead(
        t=1.0, cpu_percent=5.0, memory_used=1, memory_total=2, process_memory=1, disk_free=9, devices=[{"name": "x"}]
    ),
    events.RunFinished(t=1.0, reason="early_stopped", run="/r", metrics={}, seconds=3.0),
    events.RunFailed(t=1.0, title="t", detail="d", hint="h", traceback="tb", exit_code=2, key="training.lr"),
]


def test_there_is_an_example_of_every_event() -> None:
    assert {type(event) for event in EXAMPLES} == set(events.TYPES.values())


@pytest.mark.parametrize("event", EXAMPLES, ids=events.name_of)
def test_one_line_and_back(event: events.Event) -> None:
    line = events.to_json(event)
    assert "\n" not in line
    assert json.loads(line)["type"] == events.name_of(event)
    assert events.from_json(line) == event


@given(st.dictionaries(st.text(), st.floats(allow_nan=False)))
def test_every_number_survives(metrics: dict[str, float]) -> None:
    event = events.StepLogged(t=0.0, metrics=metrics)
    assert events.from_json(events.to_json(event)) == event


def test_nan_and_infinity_are_strings_that_strict_json_reads() -> None:
    line = events.to_json(events.StepLogged(t=0.0, metrics={"a": math.nan, "b": math.inf, "c": -math.inf}))

    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    assert json.loads(line, parse_constant=refuse)["metrics"] == {"a": "NaN", "b": "Infinity", "c": "-Infinity"}
    back = events.from_json(line)
    assert isinstance(back, events.StepLogged)
    assert math.isnan(back.metrics["a"])
    assert back.metrics["b"] == math.inf
    assert back.metrics["c"] == -math.inf


def test_a_text_that_says_nan_stays_text() -> None:
    back = events.from_json(events.to_json(events.Notice(t=0.0, message="NaN")))
    assert isinstance(back, events.Notice)
    assert back.message == "NaN"


def test_what_a_newer_version_wrote() -> None:
    assert events.from_json('{"type": "brain_scanned", "t": 1}') is None
    back = events.from_json('{"type": "evaluated", "t": 1, "metrics": {}, "colour": "red"}')
    assert back == events.Evaluated(t=1, metrics={})


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"type": "evaluated"}', '{"type": "evaluated", "t": 1}'])
def test_what_is_no_event(line: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        events.from_json(line)


@pytest.mark.parametrize(
    "command",
    [
        *commands.PLAIN.values(),
        commands.SetLearningRate(1e-5),
        commands.ScaleLearningRate(0.5),
        commands.Sample("日本", "b"),
    ],
)
def test_commands_are_one_line_and_back(command: commands.Command) -> None:
    assert commands.from_json(commands.to_json(command)) == command


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"command": "dance"}', '{"command": "set_learning_rate"}'])
def test_what_is_no_command_is_none(line: str) -> None:
    assert commands.from_json(line) is None


def test_commands_as_a_person_writes_them() -> None:
    assert commands.parse("pause") == commands.Pause()
    assert commands.parse("lr=2e-5") == commands.SetLearningRate(2e-5)
    assert commands.parse("lr=0.5x") == commands.ScaleLearningRate(0.5)
    assert commands.parse("sample") == commands.Sample()
    assert commands.parse("sample=1 + 1 =") == commands.Sample("1 + 1 =")
    assert commands.parse("sample=a\tb") == commands.Sample("a", "b")
    with pytest.raises(FinetuiError) as refused:
        commands.parse("smaple=x")
    assert refused.value.hint.startswith("did you mean sample? ")
    for text in (
        "dance",
        "sample=",
        "sample= ",
        "lr",
        "lr=",
        "lr=fast",
        "lr=nan",
        "lr=-1",
        "lr=0x",
        "lr=x",
        "lr=-2x",
        "lr=infx",
        "pause=3",
        "set_learning_rate",
    ):
        with pytest.raises(FinetuiError):
            commands.parse(text)
