"""A batch as the model gets it, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


ALIGNED = ("attention_mask", "completion_mask", "labels")
"""What a collator makes for itself, position by position of `input_ids`."""


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


def tensors(batch: Any, features: Sequence[dict[str, Any]]) -> list[Tensor]:
    """The tensors of a batch; `features` are the elements that it was collated from."""
    found = {name: _tensor(name, value, features) for name, value in batch.items()}
    ids = found.get("input_ids")
    for name in ALIGNED:
        tensor = found.get(name)
        if ids is not None and tensor is not None and not tensor.filled and tensor.shape == ids.shape:
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
    found = []
    for row, item in zip(values, own, strict=True):
        length = len(item or [])
        left = row[:length] != item and row[len(row) - length :] == item
        found.append((len(row) - length, len(row)) if left else (0, length))
    return found
