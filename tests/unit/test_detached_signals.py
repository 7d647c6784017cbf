"""SIGTERM for the process of a detached run, and for what is forked from it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from core.runs import layout
from core.training import __main__ as detached


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_forked_process_that_is_ended_does_not_stop_the_run(tmp_path: Path) -> None:
    inbox = tmp_path / layout.INBOX
    inbox.touch()
    detached._on_sigterm(tmp_path)
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    worker = context.Process(target=_work, args=(begun,), daemon=True)
    worker.start()
    assert begun.wait(60)
    worker.terminate()
    worker.join(60)
    assert worker.exitcode == -signal.SIGTERM
    assert inbox.read_text() == ""
    os.kill(os.getpid(), signal.SIGTERM)
    assert "stop" in inbox.read_text()


def _work(begun: Event) -> None:
    begun.set()
    time.sleep(600)
