"""Small configs for real training."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import config_file
from core.config import RunConfig
from core.runs.folder import RunFolder


@pytest.fixture(scope="session", autouse=True)
def imported() -> None:
    """accelerate collects garbage in every run, over all objects that there are. Those that were made when the
    libraries were imported stay anyhow: they are left out, which is a third of a second a run."""
    import peft  # noqa: F401

    import core.training.trainer  # noqa: F401

    gc.collect()
    gc.freeze()


@pytest.fixture
def mrpc(shared: Path) -> Callable[..., RunConfig]:
    """A run of bert-tiny on the head of MRPC; keyword arguments go to `training`, or replace whole sections."""

    def make(sections: dict[str, Any] | None = None, **training: Any) -> RunConfig:
        data = {
            "name": "mrpc",
            "model": {"id": str(shared / "models/bert-tiny-uncased"), "dtype": "float32"},
            "data": {
                "files": {split: str(shared / f"data/mrpc/{split}.jsonl") for split in ("train", "validation")},
                "limit": {"train": 300, "validation": 100},
                "max_length": 128,
            },
            "training": {"per_device_train_batch_size": 16, "learning_rate": 2e-4, "logging_steps": 1, **training},
        }
        return config_file.validate({**data, **(sections or {})})

    return make


@pytest.fixture
def new_folder(tmp_path: Path) -> Callable[[RunConfig], RunFolder]:
    """Makes run folders under the test's own directory."""

    def make(config: RunConfig) -> RunFolder:
        return RunFolder.create(tmp_path / "runs", config)

    return make
