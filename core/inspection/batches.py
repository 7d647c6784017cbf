"""The batches of a run before it runs: in the Trainer's own order, through the task's own collator."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from core.tasks.base import element_lengths
from core.training import arguments, prepare

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import PreTrainedModel, Trainer, TrainingArguments

    from core.training.prepare import Checked

LOOK = 8
"""Rows that are encoded to see whether each of them becomes one element."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One of a batch's tensors.

    Attributes:
        dtype: as torch writes it, without `torch.`.
        values: numbers in lists, as deep as there are dimensions.
        filled: per row (first, last + 1) of what is no padding; empty where rows are not padded.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    values: list[Any]
    filled: list[tuple[int, int]]

    @property
    def padding(self) -> float | None:
        """The share of it that is padding; None where rows are not padded."""
        if not self.filled or not self.shape[1]:
            return None
        return 1 - sum(end - start for start, end in self.filled) / (self.shape[0] * self.shape[1])


@dataclass(frozen=True, slots=True)
class Batch:
    """What the model gets in one go.

    Attributes:
        number: from 0; `epoch` is the one that it belongs to, `per_epoch` how many an epoch has.
        rows: the row of the split behind each element.
        truncated: those of them that were cut.
        order: how the rows were chosen, for people.
        sequences: names of what each row is in the tensors (chosen, rejected), all rows of the first above all rows of
            the second; empty where a row is one row of a tensor.
    """

    split: str
    number: int
    epoch: int
    per_epoch: int
    rows: list[int]
    truncated: list[int]
    tensors: list[Tensor]
    order: str
    sequences: list[str] = field(default_factory=list)

    def place(self, tensor: Tensor, index: int) -> tuple[int, str] | None:
        """The row of the split behind a row of a tensor, and which of its sequences; None where that is not known."""
        names = self.sequences or [""]
        if tensor.shape[:1] == (len(self.rows),):
            names = [""]
        elif tensor.shape[:1] != (len(self.rows) * len(names),):
            return None
        return self.rows[index % len(self.rows)], names[index // len(self.rows)]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        tensors = [{**asdict(tensor), "padding": tensor.padding} for tensor in self.tensors]
        return {**asdict(self), "tensors": tensors}


@dataclass(frozen=True, slots=True)
class Padding:
    """The share of padding over an epoch: as the run orders its rows, at random, and grouped by length."""

    now: float
    random: float
    grouped: float
    is_grouped: bool

    @property
    def saved(self) -> float:
        """The share of all positions that grouping by length does not compute."""
        return 1 - (1 - self.random) / (1 - self.grouped)


class Batches:
    """The batches of a split. Not for the event loop; one thread at a time.

    Raises:
        FinetuiError: the training arguments do not fit together.
    """

    def __init__(self, checked: Checked, split: str, rows: Dataset, training: bool) -> None:
        self._checked = checked
        self._split = split
        self._rows = rows
        self._training = training
        self._folder = tempfile.TemporaryDirectory(prefix="finetui-batches-")
        self._settings = arguments.build(checked.config, Path(self._folder.name), checked.precision)
        self._trainer = _stand_in(checked, self._settings)
        self._elements: Dataset | None = None
        self._row_of: list[int] = []
        strategy = str(getattr(self._settings, "train_sampling_strategy", "random"))
        self._grouped = strategy == "group_by_length"
        if training and strategy not in ("random", "group_by_length", "sequential"):
            hint = "inspect rows instead: --row"
            raise FinetuiError(f"no batches are shown with {strategy}", "training.train_sampling_strategy", hint)

    @property
    def total(self) -> int:
        """Rows of the split."""
        return len(self._rows)

    def read(self, number: int, progress: Callable[[int], None] = lambda done: None) -> Batch:
        """One batch of the first epoch on, counted from 0.

        Raises:
            FinetuiError: there is no such batch.
        """
        if self._elements is None and (self._grouped or self._regroups()):
            self._encode_all(progress)
        elements: Any = self._rows if self._elements is None else self._elements
        size = self._settings.train_batch_size if self._training else self._settings.eval_batch_size
        drop = self._training and self._settings.dataloader_drop_last
        per_epoch = len(elements) // size if drop else -(-len(elements) // size)
        epoch, index = divmod(number, per_epoch) if per_epoch else (0, 0)
        if number < 0 or not per_epoch or (epoch and not (self._training and not self._grouped)):
            raise FinetuiError(
                f"there is no batch {number}", f"split {self._split} has {per_epoch} batches", "count from 0"
            )
        indices = self._order(elements, epoch)[index * size : (index + 1) * size]
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
        tensors = collate(features)
        sequences = self._stacked(features, tensors)
        return Batch(
            split=self._split,
            number=number,
            epoch=epoch,
            per_epoch=per_epoch,
            rows=numbers,
            truncated=self._truncated(numbers, chosen["input_ids"]) if "input_ids" in chosen.column_names else [],
            tensors=_tensors(tensors, sequences[1] or features),
            order=self._words(epoch),
            sequences=sequences[0],
        )

    def _stacked(self, features: list[dict[str, Any]], tensors: Any) -> tuple[list[str], list[dict[str, Any]]]:
        """Where the collator stacks several sequences of a row: their names, and all of them as they are stacked."""
        ids = tensors.get("input_ids")
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
        now = self._order(self._elements, 0)
        sizes = self._sizes(self._elements, lengths)
        return Padding(
            now=_padding(now, sizes, size),
            random=_padding(random, sizes, size),
            grouped=_padding(grouped, sizes, size),
            is_grouped=self._grouped,
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

    def _order(self, elements: Any, epoch: int) -> list[int]:
        """The elements of an epoch in the order that the run has them in.

        The Trainer's samplers draw from torch's global numbers, which it seeds when it is built. Here they draw from
        a generator of their own with that seed: a run in this process may be using the global one.
        """
        import torch
        from accelerate.data_loader import SeedableRandomSampler
        from torch.utils.data import RandomSampler
        from transformers.trainer_pt_utils import LengthGroupedSampler

        if not self._training:
            return list(self._trainer._get_eval_sampler(elements) or range(len(elements)))
        sampler = self._trainer._get_train_sampler(elements)
        if isinstance(sampler, LengthGroupedSampler):
            sampler.generator = torch.Generator().manual_seed(self._settings.seed)
            # The loader takes a seed for its workers before it asks for the order.
            torch.empty((), dtype=torch.int64).random_(generator=sampler.generator)
        elif isinstance(sampler, RandomSampler):
            data_seed = self._settings.data_seed
            sampler = SeedableRandomSampler(
                sampler.data_source, data_seed=self._settings.seed if data_seed is None else data_seed
            )
            sampler.set_epoch(epoch)
        return list(sampler)  # type: ignore[arg-type]

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

    def _words(self, epoch: int) -> str:
        if not self._training:
            return "in the order of the split"
        strategy = str(self._settings.train_sampling_strategy)
        if strategy == "sequential":
            return "in the order of the split"
        seed = self._settings.seed if self._settings.data_seed is None else self._settings.data_seed
        return f"grouped by length, seed {self._settings.seed}" if self._grouped else f"shuffled with seed {seed}"


def _stand_in(checked: Checked, settings: TrainingArguments) -> Trainer:
    """The task's Trainer for what it decides about data: order, and which inputs the model takes.

    It is never initialized: that would seed the random numbers of a run in this process, and it needs weights.
    """
    import transformers
    from transformers.utils import find_labels

    trainer_class = checked.task.trainer_class()
    auto = getattr(transformers, checked.task.auto_class)
    model: type[PreTrainedModel] | None = auto._model_mapping.get(type(checked.architecture), None)
    if isinstance(model, tuple):
        model = model[0]
    if model is None:  # code that comes with the model: what it takes is not known before it runs
        settings.remove_unused_columns = False
    trainer = object.__new__(trainer_class)
    vars(trainer).update(
        args=settings,
        processing_class=checked.tokenizer,
        train_dataset=None,
        model=model,
        label_names=settings.label_names or (find_labels(model) if model is not None else []),
        _signature_columns=None,
        _is_vision_dataset=False,  # a question of TRL's Trainers; here are texts alone
    )
    return trainer


ALIGNED = ("attention_mask", "completion_mask", "labels")
"""What a collator makes for itself, position by position of `input_ids`."""


def _tensors(batch: Any, features: Sequence[dict[str, Any]]) -> list[Tensor]:
    found = {name: _tensor(name, value, features) for name, value in batch.items()}
    for name, tensor in found.items():
        end = next((end for end in ALIGNED if name.endswith(end)), None)
        ids = found.get(name.removesuffix(end) + "input_ids") if end else None
        if ids is not None and not tensor.filled and tensor.shape == ids.shape:
            found[name] = replace(tensor, filled=ids.filled)
    return list(found.values())


def _tensor(name: str, value: torch.Tensor | Any, features: Sequence[dict[str, Any]]) -> Tensor:
    shape = tuple(value.shape)
    values = value.tolist()
    return Tensor(name, str(value.dtype).removeprefix("torch."), shape, values, _filled(name, shape, values, features))


def _filled(
    name: str, shape: tuple[int, ...], values: list[Any], features: Sequence[dict[str, Any]]
) -> list[tuple[int, int]]:
    """Where each row's own values lie in the padded ones."""
    own = [feature.get(name) for feature in features]
    if len(shape) != 2 or len(own) != shape[0] or not all(isinstance(item, list) for item in own):
        return []
    if any(isinstance(value, float) for row in values[:1] for value in row):  # a target per class
        return []
    found = []
    for row, item in zip(values, own, strict=True):
        length = len(item or [])
        left = row[:length] != item and row[len(row) - length :] == item
        found.append((len(row) - length, len(row)) if left else (0, length))
    return found


def _padding(order: Sequence[int], sizes: Sequence[Sequence[tuple[int, ...]]], size: int) -> float:
    computed = tokens = 0
    for begin in range(0, len(order), size):
        for tensor in sizes:
            batch = [length for index in order[begin : begin + size] for length in tensor[index]]
            computed += max(batch) * len(batch)
            tokens += sum(batch)
    return 1 - tokens / computed if computed else 0.0
