"""Rows of a dataset written to a file that other tools read."""

from __future__ import annotations

import base64
import json
import math
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from core.data.chunks import Watch
from core.errors import FinetuiError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset

FORMATS = (".jsonl", ".parquet")
_ROWS = 1000
"""Rows that are in memory at a time."""


def export(
    rows: Dataset, path: Path, chosen: Sequence[int] | None = None, watch: Watch | None = None, replace: bool = False
) -> None:
    """Write rows to a .jsonl or .parquet file. The file appears when it is whole, or not at all.

    Args:
        chosen: their numbers, in this order; None: all.
        replace: whether a file that is there already is written over.

    Raises:
        FinetuiError: another format, a file that is there already, or a place that cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        hint = f"end its name in {' or '.join(FORMATS)}"
        raise FinetuiError(f"{path.name} has no format that can be written", str(path), hint)
    if path.exists() and not replace:
        raise FinetuiError(f"{path.name} is there already", str(path), "choose another name")
    write = _parquet if suffix == ".parquet" else _jsonl
    try:
        _whole_or_not(path, lambda part: write(rows, part, chosen, watch))
    except OSError as error:
        reason = f"{path}: {error.strerror or error}"
        raise FinetuiError(f"cannot write {path.name}", reason, "choose another place") from error


def _whole_or_not(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside the file, then put that in its place; whatever is raised leaves nothing behind."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        write(part)
        part.chmod(0o666 & ~_umask())  # mkstemp's files are the owner's alone
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _parquet(rows: Dataset, path: Path, chosen: Sequence[int] | None, watch: Watch | None) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, rows.features.arrow_schema) as writer:
        for table in _tables(rows, chosen, watch):
            writer.write_table(table.cast(rows.features.arrow_schema))


def _jsonl(rows: Dataset, path: Path, chosen: Sequence[int] | None, watch: Watch | None) -> None:
    parsed = [name for name, feature in rows.features.items() if type(feature).__name__ == "Json"]
    with path.open("w", encoding="utf-8") as stream:
        for table in _tables(rows, chosen, watch):
            for row in table.to_pylist():
                for name in parsed:
                    row[name] = None if row[name] is None else json.loads(row[name])
                _write_line(stream, row)


def _write_line(stream: IO[str], row: dict[str, Any]) -> None:
    try:
        line = json.dumps(row, ensure_ascii=False, allow_nan=False, default=_written)
    except ValueError:
        line = json.dumps(_without_nan(row), ensure_ascii=False, default=_written)
    stream.write(line + "\n")


def _tables(rows: Dataset, chosen: Sequence[int] | None, watch: Watch | None) -> Any:
    arrow = rows.with_format("arrow")
    total = len(rows) if chosen is None else len(chosen)
    for start in range(0, total, _ROWS):
        stop = min(total, start + _ROWS)
        table: pa.Table = arrow[start:stop] if chosen is None else arrow[list(map(int, chosen[start:stop]))]
        yield table
        if watch is not None:
            watch(stop, total)


def _written(value: Any) -> str:
    """What json has no word for: bytes as base64, times and decimals as text."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _without_nan(value: Any) -> Any:
    """NaN and infinity as null: json has no word for them."""
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
