"""A run, opened to be written down as a script: its config, bound to its data again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core import models, tasks
from core.data import sources
from core.errors import FinetuiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datasets import Dataset
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from core.config import RunConfig
    from core.tasks.base import Task


@dataclass
class ScriptRun:
    """What a script is written from.

    Attributes:
        config: as the run resolved it.
        weights: dtype that the weights are loaded in.
        autocast: dtype of the forward pass where it is another one.
        held_out: whether the rows that are evaluated on are a share of those to train on.
    """

    config: RunConfig
    task: Task
    train: Dataset
    evaluation: Dataset | None
    weights: str = "float32"
    autocast: str | None = None
    held_out: bool = False

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        return models.load_tokenizer(self.config.model)

    @cached_property
    def architecture(self) -> PreTrainedConfig:
        return models.load_config(self.config.model, self.tokenizer)

    @cached_property
    def raw_columns(self) -> list[str]:
        """The columns of the data as it lies there."""
        found: list[str] = sources.open_splits(self.config.data)[self.config.data.train_split].column_names
        return found

    @property
    def device(self) -> str:
        """Where the run has trained: cpu, cuda, mps."""
        return (self.config.provenance and self.config.provenance.device) or "cpu"

    def model(self) -> PreTrainedModel:
        """The architecture with the task's head, without weights."""
        from core.methods import settle

        return settle.on_meta(self.config.model, self.task, self.architecture)


def open_run(config: RunConfig) -> ScriptRun:
    """Bind a config to its data.

    Raises:
        FinetuiError: the data is not there any more, or does not fit, or no plain script could read it.
    """
    splits = sources.load(config.data)
    _refuse_damaged(config, splits)
    held_out = config.data.eval_fraction is not None and sources.HELD_OUT not in sources.open_splits(config.data)
    train_split, eval_split = sources.splits(config.data, splits)
    train, evaluation = splits[train_split], splits[eval_split] if eval_split else None
    data = config.data.model_copy(update={"train_split": train_split, "eval_split": eval_split})
    config = config.model_copy(update={"data": data})
    weights, autocast = _precision(config)
    task = tasks.create(config, train, evaluation)
    return ScriptRun(config, task, train, evaluation, weights, autocast, held_out and eval_split == sources.HELD_OUT)


def _refuse_damaged(config: RunConfig, splits: Iterable[str]) -> None:
    """A run that went on with damaged files had rows that no plain reader finds in them."""
    if config.data.damaged == "stop":
        return
    used = {config.data.train_split, config.data.eval_split}
    for split, damages in sources.damages(config.data).items():
        found = [damage for damage in damages if damage.stops or config.data.damaged == "drop"]
        if split in used and split in splits and found:
            raise FinetuiError(
                f"no plain script can read the damaged rows of split {split}",
                f"data.damaged: {config.data.damaged}; {found[0].file}: {found[0].kind}",
                "mend the file, or export its rows on the Datasets screen, and train on that",
            )


def _precision(config: RunConfig) -> tuple[str, str | None]:
    """The dtypes that a run has recorded; float32 where it has not."""
    said = (config.provenance.precision if config.provenance else None) or "float32 weights"
    first, _, second = said.partition(", ")
    return first.split()[0], second.split()[0] if second else None
