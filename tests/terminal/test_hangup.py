"""The terminal goes away: the screen goes with it, the run does not."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from app_on_pty import AppOnPty, the_run

from core import events
from core.runs.reader import RunReader

Open = Callable[..., AppOnPty]


@pytest.mark.parametrize("ignored", [False, True], ids=["hang-up", "hang-up under nohup"])
def test_run_goes_on_and_the_screen_costs_nothing(open_app: Open, tmp_path: Path, ignored: bool) -> None:
    app = open_app("train", "100000", ignore_hang_up=ignored)
    app.wait_for_text("●")
    app.hang_up()
    # A loop that reads the end of a dead terminal would use the processor without end; imports under way do end.
    app.wait_for(lambda: _load(app) < 0.25)
    assert _last(tmp_path) is None
    app.process.terminate()
    assert app.wait() == 0
    assert _last(tmp_path) == "stopped"
    assert "Traceback" not in (tmp_path / "state" / "finetui" / "log" / "finetui.log").read_text()


def test_run_that_lost_its_terminal_completes(open_app: Open, tmp_path: Path) -> None:
    app = open_app("train", "60")
    app.wait_for_text("●")
    app.hang_up()
    assert app.wait() == 0
    assert _last(tmp_path) == "completed"


def test_second_hang_up_is_ignored(open_app: Open, tmp_path: Path) -> None:
    app = open_app("train", "100")
    app.wait_for_text("●")
    app.hang_up()
    for _ in range(5):
        time.sleep(0.2)
        app.process.send_signal(signal.SIGHUP)
    assert app.wait() == 0
    assert _last(tmp_path) == "completed"


def test_sigterm_after_the_hang_up_stops_the_run(open_app: Open, tmp_path: Path) -> None:
    app = open_app("train", "100000")
    app.wait_for_text("●")
    app.hang_up()
    time.sleep(1)
    app.process.terminate()
    assert app.wait() == 0
    assert _last(tmp_path) == "stopped"


def test_without_a_run_the_app_ends(open_app: Open) -> None:
    app = open_app("idle")
    app.wait_for_text("Runs")
    app.hang_up()
    assert app.wait() == 0


def _load(app: AppOnPty) -> float:
    """The share of one processor that the app uses over a second."""
    process = psutil.Process(app.process.pid)
    before = process.cpu_times()
    time.sleep(1)
    after = process.cpu_times()
    return (after.user + after.system) - (before.user + before.system)


def _last(tmp_path: Path) -> str | None:
    """How the run ended, by its events."""
    found = RunReader(the_run(tmp_path / "runs")).read_all()
    return next((event.reason for event in found if isinstance(event, events.RunFinished)), None)
