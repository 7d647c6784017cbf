"""A run's data as its model will get it, before it runs."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from core.inspection.batches import Batches
from core.inspection.lens import Lens
from core.inspection.view import TokenView
from core.training import prepare

if TYPE_CHECKING:
    from datasets import Dataset

    from core.config import RunConfig


class Inspector:
    """A config, its data and its task, checked as a run checks them.

    Attributes:
        checked: what the run will begin with.
        lens: the rows under the run's own tokenizer.
        wanted_length: max_length as it was asked for; that of `lens` is at most what the model takes.

    Raises:
        FinetuiError: the run could not start.
    """

    def __init__(self, config: RunConfig) -> None:
        self.checked = checked = prepare.check(config)
        self.wanted_length = config.data.max_length
        data = checked.config.data
        self.lens = Lens(checked.config.model.label, checked.tokenizer, checked.task, data.max_length)
        self._splits: dict[str, Dataset] = {data.train_split: checked.train}
        if checked.evaluation is not None and data.eval_split:
            self._splits[data.eval_split] = checked.evaluation

    @property
    def splits(self) -> dict[str, int]:
        """The splits that the run uses, with their rows; the one that it trains on first."""
        return {name: len(rows) for name, rows in self._splits.items()}

    @property
    def note(self) -> str:
        """The task and who plays which role, as a line."""
        roles = ", ".join(f"{role} = {column}" for role, column in self.checked.task.columns.items())
        template = self.checked.task.template_source
        return f"{self.checked.config.task}: {roles}" + (f" · template: {template}" if template else "")

    def example(self, split: str, index: int) -> dict[str, Any]:
        """The values of a row.

        Raises:
            FinetuiError: there is no such split or row.
        """
        rows = self._rows(split)
        if not 0 <= index < len(rows):
            raise FinetuiError(f"there is no row {index}", f"split {split} has {len(rows):,} rows", "count from 0")
        return dict(rows[index])

    def row(self, split: str, index: int) -> list[TokenView]:
        """What the model gets of a row.

        Raises:
            FinetuiError: there is no such split or row, or the task cannot make anything of it.
        """
        return self.lens.row(self.example(split, index))

    def batches(self, split: str) -> Batches:
        """The batches of a split, with a tokenizer of their own: each object is for one thread.

        Raises:
            FinetuiError: there is no such split, or the training arguments do not fit together.
        """
        own = dataclasses.replace(self.checked, tokenizer=copy.deepcopy(self.checked.tokenizer))
        return Batches(own, split, self._rows(split), split == own.config.data.train_split)

    def _rows(self, split: str) -> Dataset:
        if split not in self._splits:
            raise FinetuiError(
                f"the run has no split {split}", f"it uses {', '.join(self._splits)}", "name one of them with --split"
            )
        return self._splits[split]
