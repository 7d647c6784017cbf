"""What a run was made from: versions, data fingerprints, commit, device, number formats."""

from __future__ import annotations

import contextlib
import platform
import subprocess
from importlib import metadata
from typing import TYPE_CHECKING

from core.config import Provenance, RunConfig

if TYPE_CHECKING:
    from core.training.prepare import Checked

PACKAGES = ("torch", "transformers", "datasets", "evaluate", "accelerate", "peft", "tokenizers", "numpy")
EXTRAS = ("trl", "sentence-transformers", "bitsandbytes", "rouge-score", "sacrebleu")
"""What trains or scores a run and is recorded where it is installed."""


def record(checked: Checked) -> RunConfig:
    """The checked config with its provenance in it."""
    data = {checked.config.data.train_split: checked.train, checked.config.data.eval_split: checked.evaluation}
    provenance = Provenance(
        versions={"python": platform.python_version(), **_versions()},
        dataset_fingerprints={split: rows._fingerprint for split, rows in data.items() if split and rows is not None},
        git_commit=_git_commit(),
        device=checked.precision.device,
        precision=str(checked.precision),
        chat_template=checked.task.template_source or None,
    )
    return checked.config.model_copy(update={"provenance": provenance})


def _versions() -> dict[str, str]:
    found = {name: metadata.version(name) for name in PACKAGES}
    for name in EXTRAS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _git_commit() -> str | None:
    """The commit of the working directory, with a mark where it was changed; None outside a repository."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
