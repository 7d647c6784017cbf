"""All rows of a dataset, a piece at a time, without keeping in memory what was read."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

ROWS = 10_000
"""Most rows of a chunk."""
_FORGET_BYTES = 2**25

Watch = Callable[[int, int], None]
"""(rows done, rows in all), called after each chunk. Raises Cancelled to end the pass."""


class Cancelled(Exception):
    """Who watches a pass over the rows wants no more of it."""


def chunks(rows: Dataset, columns: Sequence[str], watch: Watch | None = None) -> Iterator[tuple[int, pa.Table]]:
    """The columns of consecutive rows and the number of the first of them, undecoded, as Arrow."""
    done = 0
    for table in _tables(rows, list(columns)):
        yield done, table
        done += len(table)
        if watch is not None:
            watch(done, len(rows))


def _tables(rows: Dataset, columns: list[str]) -> Iterator[pa.Table]:
    files = _whole_files(rows)
    if files is None:
        yield from rows.select_columns(columns).with_format("arrow").iter(ROWS)
        return
    for file in files:
        yield from _mapped(file, columns)


def _whole_files(rows: Dataset) -> list[Path] | None:
    """The files that hold these rows, these columns and nothing else, in order; None where that is not so."""
    import pyarrow as pa

    if rows._indices is not None or not rows.cache_files:
        return None
    files = [Path(file["filename"]) for file in rows.cache_files]
    length = 0
    try:
        for file in files:
            with pa.memory_map(str(file)) as source, pa.ipc.open_stream(source) as reader:
                if not reader.schema.equals(rows.data.schema):
                    return None
                length += sum(batch.num_rows for batch in reader)
    except (OSError, pa.ArrowInvalid):
        return None
    # A dataset that was cut to a range still names the whole file.
    return files if length == len(rows) else None


def _mapped(file: Path, columns: list[str]) -> Iterator[pa.Table]:
    """Read through a mapping of its own, whose pages are handed back: those of the dataset's stay for good."""
    import pyarrow as pa

    with file.open("rb") as stream:
        mapping = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    reader = pa.ipc.open_stream(pa.py_buffer(mapping))
    waiting: list[pa.RecordBatch] = []
    read = rows_waiting = bytes_waiting = 0
    for batch in reader:
        waiting.append(batch.select(columns))
        rows_waiting += batch.num_rows
        bytes_waiting += waiting[-1].nbytes
        if rows_waiting < ROWS and bytes_waiting < _FORGET_BYTES:
            continue
        table, waiting = pa.Table.from_batches(waiting), []
        # Cells may hold megabytes each.
        most = max(1, min(ROWS, _FORGET_BYTES * len(table) // max(1, bytes_waiting)))
        for start in range(0, len(table), most):
            yield table.slice(start, most)
        read += bytes_waiting
        rows_waiting = bytes_waiting = 0
        if read > _FORGET_BYTES and hasattr(mapping, "madvise"):
            read = 0
            # Only says that the pages are not needed now: who still holds a table reads them from the file again.
            mapping.madvise(mmap.MADV_DONTNEED)
    if waiting:
        yield pa.Table.from_batches(waiting)
