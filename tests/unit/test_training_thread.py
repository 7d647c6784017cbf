"""The thread that trains: its priority, and where it cannot even begin."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from core import config_file
from core.events import RunFailed, RunFinished
from core.runs.folder import RunFolder
from tui.training_thread import STEPS_BACK, TrainingThread


def descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def test_a_folder_that_is_gone_fails_the_run_and_leaves_no_descriptor_open(tmp_path: Path) -> None:
    config = config_file.validate({"name": "one", "model": {"id": "m"}, "data": {"id": "d"}})
    folder = RunFolder.create(tmp_path / "runs", config)
    shutil.rmtree(folder.path)
    open_before = descriptors()
    thread = TrainingThread(config, folder)
    thread.start()
    thread.join()
    assert isinstance(thread.outcome, RunFailed)
    assert "No such file" in thread.outcome.detail
    assert descriptors() == open_before


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux has a thread a priority of its own")
def test_the_screen_goes_first(tmp_path: Path) -> None:
    def own_priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    found: list[int] = []

    def train(*_: Any) -> RunFinished:
        found.append(own_priority())
        return RunFinished(t=time.time(), reason="completed", seconds=0.0)

    config = config_file.validate({"name": "one", "model": {"id": "m"}, "data": {"id": "d"}})
    thread = TrainingThread(config, RunFolder.create(tmp_path / "runs", config), train)
    thread.start()
    thread.join()
    assert found == [own_priority() + STEPS_BACK]
