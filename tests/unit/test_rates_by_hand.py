"""A learning rate that was set by hand is in what is said of a run, and in what sets it apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import events
from core.runs import by_hand
from tests.pilot.recorded import RecordedRun, trained
from tui.follow import RunFollower
from tui.screens import chart
from tui.shell.compare import compare
from tui.shell.show import show


def set_rate(run: RecordedRun, before: float, value: float) -> None:
    command = {"command": "set_learning_rate", "value": value}
    run.folder.emit(events.CommandTaken(command=command, before=before, after=value, **run.at))


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs of one config; the rate of the second was changed at step 200."""
    trained(tmp_path, "left-alone")
    set_rate(trained(tmp_path, "changed"), 1.2e-4, 2e-4)
    return tmp_path


def test_show_has_each_change(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show("changed", runs, json=False)
    assert "lr by hand  0.00012 → 0.0002 at step 200" in capsys.readouterr().out
    show("changed", runs, json=True)
    data = json.loads(capsys.readouterr().out)
    assert data["learning_rate_by_hand"] == [{"step": 200, "before": 1.2e-4, "after": 2e-4}]
    show("left-alone", runs, json=False)
    assert "by hand" not in capsys.readouterr().out


def test_compare_tells_the_runs_apart_by_it(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(["left-alone", "changed"], runs, json=False)
    row = next(line for line in capsys.readouterr().out.splitlines() if "by hand" in line)
    assert row.split()[:4] == ["lr", "by", "hand", "-"]
    assert row.endswith("0.00012 → 0.0002 at step 200")
    compare(["left-alone", "changed"], runs, json=True)
    found = json.loads(capsys.readouterr().out)["differences"]
    assert found == {by_hand.KEY: [None, "0.00012 → 0.0002 at step 200"]}


def test_the_compare_chart_has_it_among_the_differences(runs: Path) -> None:
    paths = sorted(runs.iterdir(), key=lambda run: "changed" not in run.name)
    _, differing = chart._sources(paths, {}, lambda name, share: None)
    assert differing == {by_hand.KEY: ["0.00012 → 0.0002 at step 200", None]}


def test_many_changes_are_one_value(tmp_path: Path) -> None:
    run = trained(tmp_path)
    for at in range(3):
        run.train(10)
        set_rate(run, 1e-4 * 2**at, 2e-4 * 2**at)
    follower = RunFollower(run.path)
    follower.replay()
    changes = by_hand.rate_changes(follower.state.commands)
    assert by_hand.in_short(changes) == "0.0001 → 0.0008, 3 times, step 210 to 230"


def test_runs_without_a_change_get_no_row() -> None:
    assert by_hand.differences({"a": [1, 2]}, [[], []]) == {"a": [1, 2]}
