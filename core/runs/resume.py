"""Whether a run can go on, and with which config."""

from __future__ import annotations

from pathlib import Path

from core import config_file
from core.config_file import LoadedConfig
from core.errors import FinetuiError
from core.runs import layout, owner
from core.runs.folder import RunFolder
from core.runs.state import LIVE
from core.runs.store import summarize


def open_run(path: Path) -> tuple[RunFolder, LoadedConfig]:
    """The folder and the config of a run that shall go on from its last checkpoint.

    Raises:
        FinetuiError: it still trains, is complete, has no checkpoint to go on from, or its config cannot be read.
    """
    summary, folder = summarize(path), RunFolder(path)
    trainer = owner.read(path)
    if summary.status in LIVE and trainer is not None:
        where = f"process {trainer.pid} on {trainer.host}"
        raise FinetuiError(f"{path.name} still trains", where, f"watch it: finetui attach {path.name}")
    if summary.status in ("completed", "early_stopped"):
        how = summary.status.replace("_", " ")
        hint = "to train longer, start a new run with more epochs: finetui train"
        raise FinetuiError(f"{path.name} is complete", f"it {how} at step {summary.step}", hint)
    resume_point(folder)
    return folder, config_file.load(path / layout.CONFIG)


def resume_point(folder: RunFolder) -> Path:
    """The checkpoint that training goes on from.

    Raises:
        FinetuiError: there is none, or none that has more than the model.
    """
    found, again = folder.last_checkpoint(resumable=True), "start the run again"
    if found is not None:
        return found
    newest = folder.last_checkpoint()
    if newest is None:
        raise FinetuiError("there is no checkpoint to resume from", str(folder.checkpoints), f"{again}: finetui train")
    # With a new optimizer and the schedule from its beginning it would be another run, and nobody would see why.
    key, adapter = "training.save_only_model", (newest / "adapter_config.json").is_file()
    anew = f"{again} without it: finetui train" if adapter else f"start a new run from its weights: model.id: {newest}"
    raise FinetuiError(f"{newest.name} has no optimizer to go on with", f"as under {key}: true", anew, key=key)
