"""The whole way of the README, in a terminal of 80 by 24 and with keys alone: data, form, run, conversation."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from person import Person
from safetensors.numpy import load_file

from core.runs import layout
from core.runs.store import RunStore
from tests.command_line import environment

F2 = "\x1bOQ"
CTRL_Q = "\x11"
PAGE_DOWN = "\x1b[6~"
CTRL_R = "\x12"
STEPS = 20


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.fixture
def person(tmp_path: Path, empty: Path) -> Iterator[Person]:
    """In front of a `finetui` that was started in an empty folder."""
    places = {name: value for name, value in environment(tmp_path).items() if name != "FINETUI_RUNS"}
    person = Person([sys.executable, "-m", "tui"], empty, places, size=(80, 24))
    yield person
    person.leave()


def test_from_an_empty_folder_to_an_answer(person: Person, empty: Path, shared: Path) -> None:
    base = shared / "models" / "bert-tiny-uncased"
    person.wait_for("No runs yet", "F2 Datasets")
    person.type(F2)
    person.wait_for("path or Hub id")
    person.type(f"{shared / 'data' / 'mrpc'}\r")
    person.wait_for("train 3,668", "validation 408", "sentence1", "sentence2", "Amrozi accused")

    person.type("T")
    person.wait_for("« sequence-classification »", "validation 408", "sentence1 (guessed)", "sentence2 (guessed)")
    person.go_on(PAGE_DOWN)
    assert person.field() == "id"
    person.type(str(base))
    person.wait_for(base.name)
    person.go_on(PAGE_DOWN)
    person.go_down_to("label")
    person.wait_for("label (guessed)")
    person.go_on(PAGE_DOWN)
    person.go_on(PAGE_DOWN)
    person.go_down_to("other")
    person.type(f"max_steps: {STEPS}")
    person.wait_for(f"max_steps: {STEPS}")
    person.type(CTRL_R)
    person.wait_for("ready to start")
    person.type("\r")

    person.wait_for("completed", f"{STEPS}/{STEPS}")
    person.wait_for("chat")
    person.type("c")
    person.wait_for("first text", "second text", "sequence-classification")
    person.type("The cat sat on the mat.\r")
    person.wait_for("│  The cat sat on the mat.")
    person.type("A cat was sitting on the mat.\r")
    person.wait_for("» The cat sat on the mat.", "» A cat was sitting on the mat.", "%")
    shares = [float(share) for share in re.findall(r"(\d+\.\d) %", person.sees)]
    assert len(shares) == 2
    assert sum(shares) == pytest.approx(100, abs=0.2)

    person.type(CTRL_Q)
    assert person.wait_for_end() == 0
    (run,) = RunStore(empty / "runs").list()
    assert run.status == "completed"
    assert {"eval_accuracy", "eval_f1"} <= run.metrics.keys()
    tuned, untuned = (load_file(folder / "model.safetensors") for folder in (run.path / layout.MODEL, base))
    encoder = [name for name in tuned if name.startswith("bert.encoder") and name.endswith("weight")]
    assert encoder
    assert all((tuned[name] != untuned[name.removeprefix("bert.")]).any() for name in encoder)
    assert list(empty.iterdir()) == [empty / "runs"]
