"""The batches of a run before it runs: in the Trainer's own order, through the task's own collator."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from core.inspection.batch import Batch, tensors
from core.inspection.order import Order, stand_in
from core.inspection.padding import Padding, share
from core.tasks.lengths import element_lengths
from core.training import arguments, prepare

if TYPE_CHECKING:
    from datasets import Dataset

    from core.training.prepare import Checked

LOOK = 8
"""Rows that are encoded to see whether each of them becomes one element."""


class Batches:
    """The batches of a split. Not for the event loop; one thread at a time.

    Raises:
        FinetuiError: the training arguments do not fit together, or leave the order open.
    """

    def __init__(self, checked: Checked, split: str, rows: Dataset, training: bool) -> None:
        self._checked = checked
        self._split = split
        self._rows = rows
        self._training = training
        self._folder = tempfile.TemporaryDirectory(prefix="finetui-batches-")
        self._settings = arguments.build(checked.config, Path(self._folder.name), checked.precision)
        self._trainer = stand_in(checked, self._settings)
        self._order = Order(self._trainer, training)
        self._elements: Dataset | None = None
        self._row_of: list[int] = []

    @property
    def total(self) -> int:
        """Rows of the split."""
        return len(self._rows)

    def read(self, number: int, progress: Callable[[int], None] = lambda done: None) -> Batch:
        """One batch of the first epoch on, counted from 0.

        Raises:
            FinetuiError: there is no such batch.
        """
        if self._elements is None and (self._order.grouped or self._regroups()):
            self._encode_all(progress)
        elements: Any = self._rows if self._elements is None else self._elements
        size = self._settings.train_batch_size if self._training else self._settings.eval_batch_size
        drop = self._training and self._settings.dataloader_drop_last
        per_epoch = len(elements) // size if drop else -(-len(elements) // size)
        epoch, index = divmod(number, per_epoch) if per_epoch else (0, 0)
        if number < 0 or not per_epoch or (epoch and not (self._training and not self._order.grouped)):
            raise FinetuiError(
                f"there is no batch {number}", f"split {self._split} has {per_epoch} batches", "count from 0"
            )
        indices = self._order.of(elements, epoch)[index * size : (index + 1) * size]
        if self._elements is None:
            chosen = prepare.encode(self._checked, self._rows.select(indices), Path(self._folder.name))
            numbers = indices
        else:
            chosen = self._elements.select(indices)
            numbers = [self._row_of[index] for index in indices]
        features = [dict(row) for row in self._trainer._remove_unused_columns(chosen)]
        collate: Any = self._checked.task.collator(self._checked.tokenizer)
        if self._training and hasattr(collate, "epoch"):
            collate.epoch = epoch
        batch = collate(features)
        names, sequences = self._stacked(features, batch)
        return Batch(
            split=self._split,
            number=number,
            epoch=epoch,
            per_epoch=per_epoch,
            rows=numbers,
            truncated=self._truncated(numbers, chosen["input_ids"]) if "input_ids" in chosen.column_names else [],
            tensors=tensors(batch, sequences or features),
            order=self._order.said,
            sequences=names,
        )

    def _stacked(self, features: list[dict[str, Any]], batch: Any) -> tuple[list[str], list[dict[str, Any]]]:
        """Where the collator stacks several sequences of a row: their names, and all of them as they are stacked."""
        ids = batch.get("input_ids")
        if ids is None or len(ids) == len(features):
            return [], []
        task = self._checked.task
        blocks = list(zip(*map(task.sequences, features), strict=True))
        names = [task.label_view(block[0], self._checked.tokenizer).name for block in blocks]
        return names, [sequence for block in blocks for sequence in block]

    def padding(self, progress: Callable[[int], None] = lambda done: None) -> Padding:
        """What padding costs over the whole split; tokenizes all of it.

        Args:
            progress: called with the number of rows that are done; what it raises ends the work.
        """
        import torch
        from torch.utils.data import RandomSampler
        from transformers.trainer_pt_utils import LengthGroupedSampler

        if self._elements is None:
            self._encode_all(progress)
        assert self._elements is not None
        lengths = element_lengths({name: self._elements[name] for name in self._elements.column_names})
        size = self._settings.train_batch_size
        group = size * self._settings.gradient_accumulation_steps
        seed = self._settings.seed
        random = list(RandomSampler(lengths, generator=torch.Generator().manual_seed(seed)))
        grouped = list(LengthGroupedSampler(group, lengths=lengths, generator=torch.Generator().manual_seed(seed)))
        now = self._order.of(self._elements, 0)
        sizes = self._sizes(self._elements, lengths)
        return Padding(
            now=share(now, sizes, size),
            random=share(random, sizes, size),
            grouped=share(grouped, sizes, size),
            is_grouped=self._order.grouped,
        )

    def _sizes(self, elements: Dataset, lengths: list[int]) -> list[list[tuple[int, ...]]]:
        """Per tensor of token ids, per element the lengths of its sequences in it."""
        own = [name for name in elements.column_names if name.endswith("_input_ids")]
        if own:
            return [[(len(ids),) for ids in elements[name]] for name in own]
        task = self._checked.task
        if len(elements) and len(task.sequences(elements[0])) > 1:
            return [[tuple(len(one["input_ids"]) for one in task.sequences(element)) for element in elements]]
        return [[(length,) for length in lengths]]

    def _regroups(self) -> bool:
        """Whether elements are other than rows one by one, so that all must be made before one is known."""
        columns = set(self._checked.task.columns.values()) & set(self._rows.column_names)
        head = self._rows[: min(LOOK, len(self._rows))]
        encoded = self._checked.task.encode(
            {name: head[name] for name in sorted(columns)},
            self._checked.tokenizer,
            self._checked.config.data.max_length,
        )
        return "row" in encoded or len(next(iter(encoded.values()))) != min(LOOK, len(self._rows))

    def _encode_all(self, progress: Callable[[int], None]) -> None:
        elements = prepare.encode(self._checked, self._rows, Path(self._folder.name), progress)
        self._row_of = list(range(len(elements)))
        if "row" in elements.column_names:
            self._row_of = elements["row"]
        self._elements = prepare.inputs(self._checked.task, elements)

    def _truncated(self, rows: Sequence[int], ids: Sequence[Sequence[int]]) -> list[int]:
        """The rows that were cut: only one as long as the limit can be."""
        limit, task = self._checked.config.data.max_length, self._checked.task
        if limit is None or len(self._row_of) not in (0, len(self._rows)):
            return []
        found = []
        for row, kept in zip(rows, ids, strict=True):
            if len(kept) == limit:
                columns = sorted(set(task.columns.values()) & set(self._rows.column_names))
                example = self._rows[row]
                whole = task.encode({name: [example[name]] for name in columns}, self._checked.tokenizer, None)
                if len(whole["input_ids"][0]) > limit:
                    found.append(row)
        return found
