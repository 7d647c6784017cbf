"""A dataset to look at: splits, columns, pages of cells, whole rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.config import DataConfig
from core.data import cells, files, mapped, sources
from core.errors import FinetuiError

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset, DatasetDict

FORGET_EVERY = 50
"""Pages read between two times that their memory is given back."""
CELL_WIDTH = 200
"""Characters of a cell on a page."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and the type of its values in short: text, int64, ClassLabel(2), list[text], ...

    Attributes:
        classes: the names of a ClassLabel, or of a list of them.
    """

    name: str
    type: str
    classes: tuple[str, ...] = ()


class Browser:
    """A window on a dataset of any length: a page costs what is on it.

    Attributes:
        data: what a run config needs to open the same data.
        splits: name -> rows.
        sources: the files, or the folder or Hub id.
        size: bytes on disk: of the files, of a dataset from the Hub those of its Arrow files.
        damages: split -> what is wrong with its files, where something is; they are shown as far as they can be read.
    """

    def __init__(self, data: DataConfig, dataset: DatasetDict) -> None:
        self.data = data
        self.splits = {name: len(rows) for name, rows in dataset.items()}
        self.sources = _files(data) or [data.id or ""]
        self.size = _size(data, dataset)
        self.damages = sources.damages(data)
        self._dataset = dataset
        self._mapped = {file["filename"] for rows in dataset.values() for file in rows.cache_files}
        self._read = 0
        # Arrow, not Python objects: images and audio stay undecoded. A format is slow to set, a slice is not.
        self._tables = {name: rows.with_format("arrow") for name, rows in dataset.items()}
        self._class_names = {name: _class_names(rows) for name, rows in dataset.items()}

    @classmethod
    def open(cls, ref: str, subset: str | None = None, revision: str | None = None) -> Browser:
        """Open a file, a folder or a Hub id. Takes seconds where nothing is cached.

        Damaged text is opened too; `data` is that of a run, which stops at such rows.

        Raises:
            FinetuiError: it is missing, empty, or nothing of it can be read.
        """
        data = locate(ref.strip(), subset, revision)
        dataset = sources.open_splits(data.model_copy(update={"damaged": "keep"}))
        if not any(len(rows) for rows in dataset.values()):
            raise FinetuiError(f"{ref} has no rows", ref, "choose other data")
        if data.train_split not in dataset:
            data = data.model_copy(update={"train_split": next(iter(dataset))})
        return cls(data, dataset)

    def columns(self, split: str) -> list[Column]:
        """The columns of a split, in order."""
        return [
            Column(name, type_name(feature), class_names(feature))
            for name, feature in self._dataset[split].features.items()
        ]

    def rows(self, split: str) -> Dataset:
        """A split as it is, to count, search or write it."""
        return self._dataset[split]

    def page(self, split: str, start: int, count: int) -> list[list[str]]:
        """The rows from `start` on, at most `count`, each cell as one line of at most CELL_WIDTH characters."""
        return self._cells(split, self._table(split, max(0, start), max(0, start) + count))

    def pick(self, split: str, numbers: Sequence[int]) -> list[list[str]]:
        """The cells of these rows, as in `page`."""
        return self._cells(split, self._tables[split][[int(number) for number in numbers]]) if len(numbers) else []

    def _cells(self, split: str, table: pa.Table) -> list[list[str]]:
        self._read += 1
        if self._read % FORGET_EVERY == 0:
            mapped.forget(self._mapped)
        names = self._class_names[split]
        columns = [
            [_cell(value, names.get(name), CELL_WIDTH) for value in _shortened(column).to_pylist()]
            for name, column in zip(table.column_names, table.columns, strict=True)
        ]
        return [list(row) for row in zip(*columns, strict=True)]

    def row(self, split: str, index: int) -> dict[str, str]:
        """A row's whole texts, line ends kept.

        Raises:
            IndexError: there is no such row.
        """
        self._require(split, index)
        table = self._table(split, index, index + 1)
        names = self._class_names[split]
        return {name: _cell(table[name][0].as_py(), names.get(name), None) for name in table.column_names}

    def raw(self, split: str, index: int) -> dict[str, Any]:
        """A row's values, as training gets them.

        Raises:
            IndexError: there is no such row.
        """
        self._require(split, index)
        return dict(self._dataset[split][index])

    def _require(self, split: str, index: int) -> None:
        if not 0 <= index < self.splits[split]:
            raise IndexError(f"split {split} has {self.splits[split]} rows, there is no row {index}")

    def _table(self, split: str, start: int, stop: int) -> pa.Table:
        return self._tables[split][start : min(stop, self.splits[split])]


def locate(ref: str, subset: str | None = None, revision: str | None = None) -> DataConfig:
    """The data config of a reference, with absolute paths; reads no data.

    Raises:
        FinetuiError: a folder without data files.
    """
    path = Path(ref).expanduser()
    if path.is_file():
        return DataConfig(files={"train": str(path.resolve())})
    if not path.is_dir():
        return DataConfig(id=ref, subset=subset, revision=revision)
    folder = path.resolve()
    if sources.is_saved(folder) or subset is not None:
        return DataConfig(id=str(folder), subset=subset)
    found = files.find(folder)
    return DataConfig(files={split: _one_or_all(paths) for split, paths in found.items()})


def type_name(feature: Any) -> str:
    """The type of a feature in short."""
    import datasets

    if isinstance(feature, datasets.ClassLabel):
        return f"ClassLabel({feature.num_classes})"
    if isinstance(feature, datasets.Value):
        return "text" if feature.dtype in ("string", "large_string", "string_view") else str(feature.dtype)
    if isinstance(feature, (datasets.List, datasets.LargeList)):
        return f"list[{type_name(feature.feature)}]"
    if isinstance(feature, (list, tuple)):
        return f"list[{type_name(feature[0])}]"
    if isinstance(feature, dict):
        return "{" + ", ".join(f"{name}: {type_name(item)}" for name, item in feature.items()) + "}"
    return type(feature).__name__.lower()


def class_names(feature: Any) -> tuple[str, ...]:
    """The names of a ClassLabel, or of a list of them."""
    inner = getattr(feature, "feature", feature)
    return tuple(getattr(inner, "names", None) or ())


def _size(data: DataConfig, dataset: DatasetDict) -> int:
    files = _files(data) or [file["filename"] for rows in dataset.values() for file in rows.cache_files]
    return sum(Path(file).expanduser().stat().st_size for file in set(files))


def _files(data: DataConfig) -> list[str]:
    named = data.files.values() if data.files is not None else ()
    return [path for paths in named for path in ([paths] if isinstance(paths, str) else paths)]


def _class_names(rows: Dataset) -> dict[str, list[str]]:
    return {name: feature.names for name, feature in rows.features.items() if hasattr(feature, "names")}


def _shortened(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column whose long values are cut to little more than a page shows: a cell may hold a megabyte."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.utf8_slice_codeunits(column, 0, CELL_WIDTH + 1)
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return pc.list_slice(column, 0, CELL_WIDTH + 1)
    return column


def _cell(value: Any, names: list[str] | None, width: int | None) -> str:
    if names is not None and isinstance(value, int) and 0 <= value < len(names):
        value = f"{value} ({names[value]})"
    return cells.whole(value) if width is None else cells.one_line(value, width)


def _one_or_all(paths: list[Path]) -> str | list[str]:
    return str(paths[0]) if len(paths) == 1 else [str(path) for path in paths]
