"""Texts end to end in blocks of one length, so that no position is padding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError

if TYPE_CHECKING:
    from core.config import DataConfig


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


def pack(encoded: Mapping[str, list[list[int]]], length: int) -> dict[str, list[Any]]:
    """Rows joined and cut every `length` tokens; what is left over is a shorter block, so that nothing is lost.

    Args:
        encoded: input name -> one list per row; the lists of a row are of one length.

    Returns:
        input name -> one list per block; `row`: the row that each block begins in.
    """
    owners = [index for index, ids in enumerate(encoded["input_ids"]) for _ in ids]
    starts = range(0, len(owners), length)
    packed: dict[str, list[Any]] = {}
    for name, rows in encoded.items():
        joined = [value for row in rows for value in row]
        packed[name] = [joined[start : start + length] for start in starts]
    packed["row"] = [owners[start] for start in starts]
    return packed


def documents(ids: list[int], end: int | None) -> list[str]:
    """Which text of a block each token belongs to: `document 1` up to its end token, then `document 2`, ..."""
    names, number = [], 1
    for token in ids:
        names.append(f"document {number}")
        number += token == end
    return names
