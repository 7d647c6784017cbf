"""Delimited text to Arrow, with column types that hold for the whole file."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import datasets
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from datasets.builder import Key

ROWS = 10_000
"""Rows parsed at a time."""
_TYPES = (pa.int64(), pa.float64(), pa.bool_())
_CODE = r"^[+-]?(0\d|\d{17,}$)"
"""Digits that a number would not keep: a postcode, the number of an account."""


@dataclass
class DelimitedConfig(datasets.BuilderConfig):  # type: ignore[misc]
    """How the cells are divided."""

    separator: str = ","


class Delimited(datasets.ArrowBasedBuilder):  # type: ignore[misc]
    """Reads csv and tsv in two passes: which type each column has, then the rows.

    The builder that comes with datasets takes each column's type from the first 10,000 rows, turns integers with an
    empty cell among them into floats, and the words NA, null and None into missing values. Here a column is a number
    only if all its cells are and no digit would be lost (007 and numbers of 17 digits and more are text), and only an
    empty cell is missing.
    """

    BUILDER_CONFIG_CLASS = DelimitedConfig
    VERSION = datasets.Version("1.1.0")  # part of the cache's key: raise it when rows come out otherwise

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo()

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        files = [Path(file) for file in self.config.data_files["train"]]
        schema = _infer_schema(files, self.config.separator)
        self.info.features = datasets.Features.from_arrow_schema(schema)
        return [datasets.SplitGenerator(name="train", gen_kwargs={"files": files})]

    def _generate_shards(self, files: list[Path]) -> Iterator[str]:
        yield from map(str, files)

    def _generate_tables(self, files: list[Path]) -> Iterator[tuple[Key, pa.Table]]:
        schema = self.info.features.arrow_schema
        for file_index, file in enumerate(files):
            for index, table in enumerate(_tables(file, self.config.separator)):
                for name in set(schema.names) - set(table.column_names):  # in another file of the split
                    table = table.append_column(name, pa.nulls(len(table), pa.string()))
                yield Key(file_index, index), table.select(schema.names).cast(schema)


def _infer_schema(files: list[Path], separator: str) -> pa.Schema:
    """The type of each column: the first of integer, float and boolean that all its cells are, else string."""
    candidates: dict[str, list[pa.DataType]] = {}
    filled: set[str] = set()
    for file in files:
        for table in _tables(file, separator):
            for name in table.column_names:
                column = table[name]
                types = candidates.setdefault(name, list(_TYPES))
                if column.null_count < len(column):
                    filled.add(name)
                    candidates[name] = [kind for kind in types if _fits(column, kind)]
    return pa.schema(
        (name, types[0] if types and name in filled else pa.string()) for name, types in candidates.items()
    )


def _fits(column: pa.ChunkedArray, kind: pa.DataType) -> bool:
    if kind == pa.bool_():  # the cast below would take 0 and 1, which are numbers, and any mix of case
        words = pa.array(["true", "false", "True", "False", "TRUE", "FALSE"])
        return bool(pc.all(pc.is_in(column.drop_null(), words)).as_py())
    if pc.any(pc.match_substring_regex(column, _CODE)).as_py():
        return False
    try:
        column.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _tables(file: Path, separator: str) -> Iterator[pa.Table]:
    """The rows of a file as tables of string columns, null where a cell is empty."""
    with open_text(file) as stream:
        separator = separator_of(stream) if separator == "," else separator
    with open_text(file) as stream:
        quoting = quoting_of(stream, separator)
    with open_text(file) as stream:
        frames = pd.read_csv(
            stream,
            sep=separator,
            quoting=quoting,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            chunksize=ROWS,
        )
        for frame in frames:
            if not isinstance(frame.index, pd.RangeIndex):
                # pandas takes the surplus of rows longer than the header for row names
                wide = len(frame.columns) + frame.index.nlevels
                raise pd.errors.ParserError(f"Expected {len(frame.columns)} fields in line 2, saw {wide}")
            arrays = [pa.array(column, pa.string(), from_pandas=True) for _, column in frame.items()]
            yield pa.Table.from_arrays(arrays, [str(name) for name in frame.columns])


def separator_of(lines: Iterable[str]) -> str:
    """The separator of a .csv: a header without a comma may be divided by semicolons, as spreadsheets of half of Europe
    write it, or by tabs."""
    header = next(iter(lines), "")
    return next((mark for mark in (",", ";", "\t") if mark in header), ",")


def quoting_of(lines: Iterable[str], separator: str) -> Literal[0, 3]:
    """csv.QUOTE_MINIMAL, or csv.QUOTE_NONE where quotes are plain characters, as in many tab-separated files.

    A cell that opens with a quote and does not close with one on the same line, says so.
    """
    if separator != "\t":
        return csv.QUOTE_MINIMAL
    for line in lines:
        for cell in line.rstrip("\r\n").split(separator):
            if cell.startswith('"') and (len(cell) == 1 or not cell.endswith('"')):
                return csv.QUOTE_NONE
    return csv.QUOTE_MINIMAL


def open_text(file: Path) -> IO[str]:
    """A file as text, decompressed, without its byte order mark."""
    if file.suffix.lower() == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")
