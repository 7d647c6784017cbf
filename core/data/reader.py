"""One split from files on this machine, through the Arrow cache of datasets, without a network call."""

from __future__ import annotations

import contextlib
import csv
import gzip
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data import mending, unreadable
from core.data.files import Format, require_data_file
from core.data.mending import Mended
from core.errors import FinetuiError

if TYPE_CHECKING:
    from datasets import ArrowBasedBuilder, Dataset

MOST_AT_ONCE = 2**30
"""Bytes of a json file that may be parsed in one piece."""
_BLOCK = 2**20


def read(paths: list[Path], mend: bool = False) -> Dataset:
    """The rows of files of one format, memory-mapped.

    Uses the builders directly: `load_dataset` reports the load of a local file to a server of its makers.

    Args:
        mend: read damaged text all the same, as far as rows can be made of it; `mending.found` then says what is wrong.

    Raises:
        FinetuiError: missing, unreadable, malformed or empty file; it names the file and, where known, the line.
    """
    formats = {require_data_file(path) for path in paths}
    if len(formats) > 1:
        names = ", ".join(path.name for path in paths[:3])
        raise FinetuiError("the files of one split have several formats", names, "convert them to one format")
    kind = formats.pop()
    if mend and (rows := _copies(list(filter(None, map(mending.found, paths))), len(paths), kind)) is not None:
        return rows
    try:
        rows = _read(paths, kind)
    except FinetuiError:
        rows = _copies(_mended(paths, kind), len(paths), kind) if mend else None
        if rows is None:
            raise
        return rows
    if kind in ("csv", "tsv") and _may_lack_cells(rows, len(paths)):
        with contextlib.suppress(OSError, EOFError, csv.Error):
            mending.note_short_rows(paths, kind, len(rows))
    return rows


def _may_lack_cells(rows: Dataset, files: int) -> bool:
    """Whether a row of a table may be shorter than the header: then it has no last cell. The last column of one of
    several files may be any."""
    columns = rows.column_names[-1:] if files == 1 else rows.column_names
    return any(rows.data.column(name).null_count for name in columns)


def _copies(files: list[Mended], count: int, kind: Format) -> Dataset | None:
    """The rows of mended files; None unless there are so many files, and one is a copy."""
    if len(files) < count or not any(damage.stops for file in files for damage in file.damages):
        return None
    try:
        rows = _read([file.path for file in files], kind)
    except FinetuiError:
        return None
    # If there are other rows than were written, nobody can say which of them are damaged.
    return rows if len(rows) == sum(file.rows for file in files) else None


def _read(paths: list[Path], kind: Format) -> Dataset:
    from datasets.exceptions import DatasetGenerationError

    try:
        with quiet():
            try:
                return _build(kind, paths, {})
            except DatasetGenerationError:
                size = max(map(_size, paths))
                if kind != "json" or size > MOST_AT_ONCE:
                    raise
                # Types and keys were taken from the first 10 MB; a later row has others.
                return _build(kind, paths, {"chunksize": size})
    except (DatasetGenerationError, OSError, EOFError, ValueError, StopIteration, RuntimeError) as error:
        raise unreadable.explain(paths, kind, error) from error


def _mended(paths: list[Path], kind: Format) -> list[Mended]:
    """The files as they can be read, without those that cannot be."""
    try:
        return list(filter(None, (mending.mend(path, kind) for path in paths)))
    except (OSError, EOFError, csv.Error, zlib.error):
        return []


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No progress bars and no log lines of datasets: what goes wrong is said once, by a FinetuiError."""
    import datasets

    datasets.disable_progress_bars()
    logger = logging.getLogger("datasets")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _build(kind: Format, paths: list[Path], options: dict[str, Any]) -> Dataset:
    from datasets.data_files import DataFilesDict, DataFilesList

    # The cache is keyed by this, so a file that was written again is read again.
    stats = [path.stat() for path in paths]
    origin = [(str(stat.st_mtime_ns), str(stat.st_size)) for stat in stats]
    files = DataFilesDict({"train": DataFilesList([str(path.absolute()) for path in paths], origin)})
    builder = _builder(kind, data_files=files, **options)
    builder.download_and_prepare(verification_mode="no_checks")
    return builder.as_dataset(split="train")


def _size(path: Path) -> int:
    """Bytes of a file's text."""
    if path.suffix.lower() != ".gz":
        return path.stat().st_size
    with gzip.open(path) as stream:
        return sum(map(len, iter(lambda: stream.read(_BLOCK), b"")))


def _builder(kind: Format, **options: Any) -> ArrowBasedBuilder:
    if kind in ("csv", "tsv"):
        from core.data.csv_builder import Delimited

        return Delimited(separator="," if kind == "csv" else "\t", **options)
    if kind == "json":
        from core.data.json_builder import JsonRows

        return JsonRows(**options)
    if kind == "parquet":
        from datasets.packaged_modules.parquet.parquet import Parquet

        return Parquet(**options)
    if kind == "arrow":
        from datasets.packaged_modules.arrow.arrow import Arrow

        return Arrow(**options)
    from datasets.packaged_modules.text.text import Text

    return Text(encoding="utf-8-sig", **options)
