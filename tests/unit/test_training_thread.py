"""The thread that trains, where it cannot even begin."""

from __future__ import annotations

import shutil
from pathlib import Path

from core import config_file
from core.events import RunFailed
from core.runs.folder import RunFolder
from tui.training_thread import TrainingThread


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
