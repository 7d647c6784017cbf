"""The rows that hold a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.data import leaves, threads
from core.data.cells import ignores_case
from core.data.chunks import Watch, chunks

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

Rows = npt.NDArray[np.int64]
"""Row numbers, ascending."""
_PIECE = 2000
"""Texts that are searched as one before each of them is."""


def search(rows: Dataset, text: str, columns: Sequence[str] | None = None, watch: Watch | None = None) -> Rows:
    """The rows with `text` in a text of theirs, however deep in lists and structs.

    Upper and lower case are the same unless `text` has an upper case letter, as in less and ripgrep.

    Args:
        columns: where to look; None: in every column with text.
    """
    named = searchable(rows) if columns is None else list(columns)
    if not named or not text:
        return np.empty(0, dtype=np.int64)

    def hits(piece: tuple[int, pa.Table]) -> Rows:
        start, table = piece
        hit = np.zeros(len(table), dtype=bool)
        for column in table.columns:
            at, found = 0, []
            for part in column.chunks:  # combined they would be copied
                found += [(values, parents, at) for values, parents in leaves.texts(part)]
                at += len(part)
            holding = _holding([values for values, _, _ in found], text)
            for (_, parents, first), holds in zip(found, holding, strict=True):
                places = np.flatnonzero(holds)
                hit[first + (places if parents is None else parents[places])] = True
        return np.flatnonzero(hit) + start

    return np.concatenate([np.empty(0, dtype=np.int64), *threads.in_order(hits, chunks(rows, named, watch))])


def searchable(rows: Dataset) -> list[str]:
    """The columns with text."""
    return [field.name for field in rows.data.schema if leaves.has_text(field.type)]


def rows_with(column: pa.Array, text: str) -> npt.NDArray[np.bool_]:
    """Whether each value holds `text`, as in `search`."""
    hit = np.zeros(len(column), dtype=bool)
    for values, parents in leaves.texts(column):
        found = np.flatnonzero(contains(values, text).to_numpy(zero_copy_only=False))
        hit[found if parents is None else parents[found]] = True
    return hit


def contains(values: pa.Array, text: str) -> pa.Array:
    """Whether each text holds `text`, as in `search`; a missing one does not."""
    import pyarrow as pa

    return pa.array(_holding([values], text)[0])


def _holding(arrays: Sequence[pa.Array], text: str) -> list[npt.NDArray[np.bool_]]:
    """`contains` for several arrays of texts. All pieces are looked through in one call, which prepares the pattern
    once and lets go of the GIL meanwhile; only where one has a hit each of its texts is searched."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # The regular expressions of RE2 find a plain text twice as fast as `match_substring` does.
    pattern, ignore_case = _escaped(text), ignores_case(text)
    holds = [np.zeros(len(values), dtype=bool) for values in arrays]
    places = [(at, start) for at, values in enumerate(arrays) for start in range(0, len(values), _PIECE)]
    if not places:
        return holds
    pieces = [arrays[at].slice(start, _PIECE) for at, start in places]
    whole = pa.chunked_array([_end_to_end(piece).cast(pa.large_string()) for piece in pieces])
    hits = pc.match_substring_regex(whole, pattern, ignore_case=ignore_case).to_numpy()
    for index in np.flatnonzero(hits):
        (at, start), piece = places[index], pieces[index]
        found = pc.match_substring_regex(piece, pattern, ignore_case=ignore_case).fill_null(False)
        holds[at][start : start + len(piece)] = found.to_numpy(zero_copy_only=False)
    return holds


def _end_to_end(texts: pa.Array) -> pa.Array:
    """All texts as one value, as they lie in memory: one search instead of one for each.

    What is found in it may lie across two texts; what a text holds is found.
    """
    import pyarrow as pa

    kind = {pa.string(): np.int32, pa.large_string(): np.int64}.get(texts.type)
    if kind is None or not len(texts):
        return pa.array(["".join(text or "" for text in texts.to_pylist())])
    _, offsets, data = texts.buffers()
    if data is None:  # empty ones alone
        return pa.array([""])
    ends = np.frombuffer(offsets, kind)[[texts.offset, texts.offset + len(texts)]].astype(np.int64)
    return pa.Array.from_buffers(pa.large_string(), 1, [None, pa.py_buffer(ends.tobytes()), data])


def _escaped(text: str) -> str:
    """A pattern of RE2 that matches `text` alone."""
    return "".join(char if char.isalnum() or ord(char) > 127 else f"\\x{{{ord(char):02x}}}" for char in text)
