"""The callback that steers a training, where its parts fail."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from core import commands, config_file, events
from core.runs.folder import RunFolder, tell
from core.runs.reader import RunReader
from core.training.callbacks import RunCallback
from core.training.reporter import Reporter
from core.training.time_shares import TimeShares


class FakeFailingSampler:
    """Asks nothing: the disk is full."""

    def ask(self, *_: Any) -> None:
        raise OSError(28, "No space left on device")


class FakeTrainer:
    """What the callback needs while it samples."""

    def __init__(self) -> None:
        self.times = TimeShares()
        self.accelerator = SimpleNamespace(autocast=contextlib.nullcontext)
        self.model = None


def test_after_samples_that_failed_a_command_is_heard_as_between_batches(tmp_path: Path) -> None:
    config = config_file.validate({"name": "one", "model": {"id": "m"}, "data": {"id": "d"}})
    folder = RunFolder.create(tmp_path, config)
    callback = RunCallback(Reporter(folder), False, FakeFailingSampler())  # type: ignore[arg-type]
    callback.trainer = FakeTrainer()  # type: ignore[assignment]
    with pytest.raises(OSError, match="No space left"):
        callback.on_train_begin(TrainingArguments(output_dir=str(tmp_path)), TrainerState(), TrainerControl())
    tell(folder.path, commands.Pause())  # which an evaluation takes at once, and samples only after them
    assert not callback.steering.stop_arrived()
    assert not [event for event in RunReader(folder.path).read() if isinstance(event, events.CommandDeferred)]
