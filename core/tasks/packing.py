"""Texts end to end in blocks of one length, so that no position is padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.config import DataConfig
    from core.tasks.base import Rows, Task


def notes(data: DataConfig) -> list[str]:
    """What packing means for the rows, for people; nothing where there is none.

    Raises:
        FinetuiError: nobody says how long a block is.
    """
    if not data.packing:
        return []
    if data.max_length is None:
        raise FinetuiError(
            "packing needs the length of a block",
            "data.packing: true",
            "set data.max_length, say to 512",
            key="data.max_length",
        )
    return [f"texts are packed into blocks of {data.max_length} tokens; a block attends across texts"]


def without_blank(encoded: Mapping[str, list[list[int]]], texts: Sequence[str]) -> dict[str, list[Any]]:
    """Rows to be packed, a blank one as no tokens at all: the empty lines of a text file are no documents of their own.

    Args:
        encoded: input name -> one list per text.
    """
    return {
        name: [row if text.strip() else [] for row, text in zip(rows, texts, strict=True)]
        for name, rows in encoded.items()
    }


class Parts:
    """Encodes the rows of a split part after part. What a packing task has left at the end of a part begins the block
    that the next part goes on with, so that only the very last block is short.

    Args:
        task: bound to the split's data.
    """

    def __init__(self, task: Task, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> None:
        self._task, self._tokenizer, self._length = task, tokenizer, max_length
        self._waiting: dict[str, list[Any]] = {}
        self._owners: list[int] = []

    def encode(self, rows: Rows, numbers: Sequence[int]) -> dict[str, list[Any]]:
        """The elements that a part completes, as of `Task.encode`; maybe none.

        Args:
            numbers: those of the rows in their split; `row` of the elements has them.
        """
        if not self._task.packs or self._length is None:
            made = self._task.encode(rows, self._tokenizer, self._length)
            if "row" in made:
                made["row"] = [int(numbers[index]) for index in made["row"]]
            return made
        encoded = self._task.encode_unpacked(rows, self._tokenizer)
        for index, ids in enumerate(encoded["input_ids"]):
            self._owners += [int(numbers[index])] * len(ids)
        for name, values in encoded.items():
            self._waiting.setdefault(name, []).extend(value for row in values for value in row)
        return self._blocks(len(self._owners) // self._length * self._length)

    def rest(self) -> dict[str, list[Any]]:
        """The short block that is left at the end; none where nothing is."""
        return self._blocks(len(self._owners))

    def _blocks(self, end: int) -> dict[str, list[Any]]:
        """Take `end` tokens of what waits, as blocks."""
        starts = range(0, end, self._length or 1)
        made: dict[str, list[Any]] = {
            name: [values[start : min(start + (self._length or 1), end)] for start in starts]
            for name, values in self._waiting.items()
        }
        if made:
            made["row"] = [self._owners[start] for start in starts]
        self._waiting = {name: values[end:] for name, values in self._waiting.items()}
        self._owners = self._owners[end:]
        return made


def pack(task: Task, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int) -> dict[str, list[Any]]:
    """All blocks of some rows, the short one at the end as well, so that nothing is lost; `row`: where each begins."""
    parts = Parts(task, tokenizer, max_length)
    blocks = parts.encode(rows, range(len(next(iter(rows.values()), ()))))
    rest = parts.rest()
    return {name: [*values, *rest.get(name, [])] for name, values in blocks.items()}


def documents(ids: list[int], end: int | None) -> list[str]:
    """Which text of a block each token belongs to: `document 1` up to its end token, then `document 2`, ..."""
    names, number = [], 1
    for token in ids:
        names.append(f"document {number}")
        number += token == end
    return names
