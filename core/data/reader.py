"""One split from files on this machine, through the Arrow cache of datasets, without a network call."""

from __future__ import annotations

import contextlib
import gzip
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data import unreadable
from core.data.files import Format, require_data_file
from core.errors import FinetuiError

if TYPE_CHECKING:
    from datasets import ArrowBasedBuilder, Dataset

MOST_AT_ONCE = 2**30
"""Bytes of a json file that may be parsed in one piece."""
_BLOCK = 2**20


def read(paths: list[Path]) -> Dataset:
    """The rows of files of one format, memory-mapped.

    Uses the builders directly: `load_dataset` reports the load of a local file to a server of its makers.

    Raises:
        FinetuiError: missing, unreadable, malformed or empty file; it names the file and, where known, the line.
    """
    from datasets.exceptions import DatasetGenerationError

    formats = {require_data_file(path) for path in paths}
    if len(formats) > 1:
        names = ", ".join(path.name for path in paths[:3])
        raise FinetuiError("the files of one split have several formats", names, "convert them to one format")
    kind = formats.pop()
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
