"""The screen on a real terminal: its size, its file descriptors, and the two ways out."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from app_on_pty import ESCAPES, AppOnPty, the_run

from core import events
from core.runs.reader import RunReader
from tui import terminal

Open = Callable[..., AppOnPty]
CTRL_Q = "\x11"
LEFT = "\x1b[D"


def test_screen_follows_the_size_of_the_terminal(open_app: Open) -> None:
    app = open_app("idle")
    app.wait_for(lambda: "\x1b[24;" in app.drawn)
    assert "\x1b[25;" not in app.drawn
    app.resize(40, 120)
    app.wait_for(lambda: "\x1b[40;" in app.drawn)
    app.type(CTRL_Q)
    assert app.wait() == 0


def test_what_libraries_print_goes_to_the_run_and_never_to_the_screen(open_app: Open, tmp_path: Path) -> None:
    app = open_app("train", "20")
    app.wait_for_text("completed")
    app.type(CTRL_Q)
    assert app.wait() == 0
    output = (the_run(tmp_path / "runs") / "output.log").read_text()
    assert output.splitlines() == [
        "a library wrote this to fd 1",
        "a library wrote this to fd 2",
        "a library printed this",
    ]
    assert "a library" not in app.text()
    assert "a library" not in (tmp_path / "state" / "finetui" / "log" / "finetui.log").read_text()


def test_terminal_is_left_as_it_was(open_app: Open) -> None:
    app = open_app("idle")
    app.wait_for_text("Runs")
    app.type(CTRL_Q)
    assert app.wait() == 0
    for on, off in (("\x1b[?1049h", "\x1b[?1049l"), ("\x1b[?25l", "\x1b[?25h"), ("\x1b[?1003h", "\x1b[?1003l")):
        assert app.drawn.rindex(off) > app.drawn.rindex(on)


def test_defect_of_the_app_itself_is_one_line_and_a_log(open_app: Open, tmp_path: Path) -> None:
    app = open_app("break")
    assert app.wait() == 1
    log = tmp_path / "state" / "finetui" / "log" / "finetui.log"
    assert f"the traceback is in {log}" in " ".join(app.text().split())
    assert "ZeroDivisionError" not in app.text()
    assert "ZeroDivisionError" in log.read_text()


def test_quit_can_stop_and_save_the_run(open_app: Open, tmp_path: Path) -> None:
    app = open_app("train", "100000")
    app.wait_for_text("●")
    app.type(CTRL_Q)
    app.wait_for_text("Stop and save")
    app.type(LEFT)
    app.type(LEFT)
    app.type("\r")
    assert app.wait() == 0
    (last,) = _last(tmp_path)
    assert last.reason == "stopped"


def test_quit_can_leave_the_run_running_and_the_shell_waits_for_it(open_app: Open, tmp_path: Path) -> None:
    app = open_app("train", "100")
    app.wait_for_text("●")
    app.type(CTRL_Q)
    app.wait_for_text("Leave it running")
    app.type(LEFT)
    app.type("\r")
    app.wait_for_text("trains on in this process")
    assert app.process.poll() is None
    assert app.wait() == 0
    (last,) = _last(tmp_path)
    assert last.reason == "completed"
    assert "completed" in app.text().split("trains on in this process")[1]


def test_what_is_said_below_the_screen_breaks_between_words(open_app: Open) -> None:
    app = open_app("train", "100")
    app.wait_for_text("●")
    app.type(CTRL_Q)
    app.wait_for_text("Leave it running")
    app.type(LEFT)
    app.type("\r")
    app.wait_for_text("trains on in this process")
    assert app.wait() == 0
    said = app.drawn[app.drawn.rindex("\x1b[?1049l") :]
    lines = [line.strip("\r") for line in ESCAPES.sub("", said).splitlines()]
    assert any("From another" in line for line in lines)
    assert all(len(line) <= 80 or " " not in line.strip() for line in lines), "only one word, a path, is longer"


def test_ctrl_c_stops_a_run_that_was_left_running(open_app: Open, tmp_path: Path) -> None:
    app = open_app("train", "100000")
    app.wait_for_text("●")
    app.type(CTRL_Q)
    app.wait_for_text("Leave it running")
    app.type(LEFT)
    app.type("\r")
    app.wait_for_text("trains on in this process")
    app.type("\x03")
    assert app.wait() == 0
    (last,) = _last(tmp_path)
    assert last.reason == "stopped"


def test_sigterm_stops_and_saves(open_app: Open, tmp_path: Path) -> None:
    app = open_app("train", "100000")
    app.wait_for_text("●")
    app.process.send_signal(signal.SIGTERM)
    assert app.wait() == 0
    (last,) = _last(tmp_path)
    assert last.reason == "stopped"


def test_sigterm_without_a_run_ends_the_app(open_app: Open) -> None:
    app = open_app("idle")
    app.wait_for_text("Runs")
    app.process.send_signal(signal.SIGTERM)
    assert app.wait() == 0


def test_worker_process_of_the_app_still_dies_of_sigterm() -> None:
    """A data loader's worker is forked from the app and inherits its handlers."""
    before = [signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)]
    try:
        terminal.on_signals(hang_up=lambda: None, terminate=lambda: None)
        worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
        worker.start()
        os.kill(worker.pid or 0, signal.SIGHUP)
        worker.join(0.5)
        assert worker.is_alive()
        worker.terminate()
        worker.join(30)
        assert worker.exitcode == -signal.SIGTERM
    finally:
        for number, handler in zip((signal.SIGHUP, signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)


def test_switch_interval_is_short_until_the_last_thread_is_done() -> None:
    usual = sys.getswitchinterval()
    with contextlib.ExitStack() as warm_up, terminal.short_switch_interval():
        warm_up.enter_context(terminal.short_switch_interval())
        warm_up.close()
        assert sys.getswitchinterval() == pytest.approx(terminal.SHORT_SECONDS)
    assert sys.getswitchinterval() == pytest.approx(usual)


def test_output_goes_back_to_where_it_went_before(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with terminal.output_to(tmp_path / "output.log"):
        os.write(1, b"printed\n")
        os.write(2, b"written\n")
    os.write(1, b"after\n")
    assert (tmp_path / "output.log").read_text() == "printed\nwritten\n"
    assert capfd.readouterr().out == "after\n"


def _last(tmp_path: Path) -> list[events.RunFinished]:
    found = RunReader(the_run(tmp_path / "runs")).read_all()
    return [event for event in found if isinstance(event, events.RunFinished)]


def test_app_that_was_held_from_outside_takes_its_terminal_once(open_app: Open) -> None:
    app = open_app("idle")
    app.wait_for_text("Runs")
    before = psutil.Process(app.process.pid).num_threads()
    rounds = 10
    for _ in range(rounds):
        os.kill(app.process.pid, signal.SIGSTOP)
        os.waitpid(app.process.pid, os.WUNTRACED)
        app.drawn = ""
        os.kill(app.process.pid, signal.SIGCONT)
        app.type("?")  # the help comes, or goes
        app.wait_for(lambda: bool(app.drawn))
    # Each taking starts a reader and a writer. Two readers also take the keys from each other.
    assert psutil.Process(app.process.pid).num_threads() < before + rounds
    app.type(CTRL_Q)
    assert app.wait() == 0
