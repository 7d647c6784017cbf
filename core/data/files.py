"""Which files of a folder are data, and which split each belongs to."""

from __future__ import annotations

import difflib
import gzip
import os
import re
from collections import defaultdict
from pathlib import Path
from typing import IO, Literal

from core.errors import FinetuiError

Format = Literal["json", "csv", "tsv", "parquet", "arrow", "text"]

FORMATS: dict[str, Format] = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".txt": "text",
}
_KNOWN = ", ".join(suffix.lstrip(".") for suffix in FORMATS)
TRAIN = ("train", "training")
EVALUATION = ("validation", "valid", "val", "dev", "eval", "evaluation")
TEST = ("test", "testing")
_SIDECARS = {
    *("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "metadata.json", "config.json"),
    *("readme.txt", "license.txt", "licence.txt", "notice.txt", "requirements.txt"),
}
_SHARD = re.compile(r"[-_.]?\d+[-_]of[-_]\d+")
DEPTH = 3
MOST_FILES = 10_000


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def format_of(path: Path) -> Format | None:
    """The format that a file's name promises; None where it is not data. Text formats may be gzipped."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] == ".gz":
        inner = FORMATS.get(suffixes[0]) if len(suffixes) == 2 else None
        return inner if inner not in ("parquet", "arrow") else None
    return FORMATS.get(suffixes[-1]) if suffixes else None


def require_data_file(path: Path) -> Format:
    """The format of a file that must be data.

    Raises:
        FinetuiError: it is missing, a folder, unreadable, or of no known format.
    """
    if path.is_dir():
        raise FinetuiError(f"{path.name} is a folder", str(path), "name its files, or give the folder as data.id")
    if not path.exists():
        raise missing(path)
    if not os.access(path, os.R_OK):
        raise FinetuiError(f"{path.name} cannot be read", str(path), "check its permissions")
    found = format_of(path)
    if found is None:
        raise FinetuiError(f"{path.name} is of no known format", str(path), f"known: {_KNOWN}; text also as .gz")
    return found


def missing(path: Path) -> FinetuiError:
    """The error for a path that does not exist, with the neighbour that was probably meant."""
    folder = path.absolute().parent
    if not folder.is_dir():
        return FinetuiError(f"there is no file {path.name}", f"there is no folder {folder}", "check the path")
    neighbours = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    wanted = _kind(path)
    stems: dict[str, str] = {}
    for name in sorted(neighbours, key=lambda name: format_of(Path(name)) != format_of(path)):
        # Another split is no substitute: what trains would be evaluated on.
        if wanted is None or _kind(Path(name)) in (wanted, None):
            stems.setdefault(_stem(Path(name)), name)
    same = [name for name in stems.values() if wanted is not None and _kind(Path(name)) == wanted]
    close = [stems[stem] for stem in difflib.get_close_matches(_stem(path), stems, 1)] or same[:1]
    shown = ", ".join(sorted(neighbours)[:10]) or "nothing"
    hint = f"did you mean {close[0]}?" if close else f"the folder holds: {shown}"
    return FinetuiError(f"there is no file {path.name}", str(folder), hint)


def find(folder: Path) -> dict[str, list[Path]]:
    """The data files of a folder: split -> files, train first.

    A split is named by the word in the file's name (train, validation, dev, test, ...) or in its folder's. Files that
    differ in more than a shard number and share the word (us_train, gb_train) are splits of their own under
    their full names. Sidecars (README, licence, dataset_info.json, hidden files) are left out.

    Raises:
        FinetuiError: no data files, too many, or one split in two formats.
    """
    groups: dict[tuple[str | None, str], list[Path]] = defaultdict(list)
    for path in _data_files(folder):
        stem = _stem(path)
        word = _word(stem)
        if word is None:
            parents = reversed(path.relative_to(folder).parts[:-1])
            word = next((found for part in parents if (found := _word(part))), None)
            stem = stem if word is None else word
        groups[word, stem].append(path)
    if not groups:
        raise FinetuiError(f"there is no data in {folder.name}", str(folder), f"it needs files of a format: {_KNOWN}")
    words = [word for word, _ in groups]
    splits: dict[str, list[Path]] = {}
    for (word, stem), paths in groups.items():
        if len({format_of(path) for path in paths}) > 1:
            names = ", ".join(path.name for path in paths[:3])
            raise FinetuiError(f"two formats for one split: {names}", str(folder), "say which with data.files")
        name = word if word is not None and words.count(word) == 1 else stem
        splits["train" if len(groups) == 1 and word is None else name] = paths
    return dict(sorted(splits.items(), key=lambda item: (_rank(item[0]), item[0])))


def _data_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_"))) if depth < DEPTH else []
        paths = (Path(place) / name for name in sorted(names) if not name.startswith("."))
        found += [path for path in paths if path.name.lower() not in _SIDECARS and format_of(path)]
        if len(found) > MOST_FILES:
            raise FinetuiError(f"more than {MOST_FILES} files", str(folder), "name a folder that holds one dataset")
    # Text beside tables is documentation, unless its name says a split.
    if any(format_of(path) != "text" for path in found):
        found = [path for path in found if format_of(path) != "text" or _word(_stem(path))]
    return found


def _stem(path: Path) -> str:
    name = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
    stem = name.rpartition(".")[0]
    return _SHARD.sub("", stem) or stem


def _word(name: str) -> str | None:
    parts = re.split(r"[^a-z]+", name.lower())
    return next((part for part in parts if part in (*TRAIN, *EVALUATION, *TEST)), None)


def _kind(path: Path) -> tuple[str, ...] | None:
    """The words of the split that a file's name says; None where it says none."""
    word = _word(_stem(path))
    return next((words for words in (TRAIN, EVALUATION, TEST) if word in words), None)


def _rank(split: str) -> int:
    word = _word(split)
    return 3 if word is None else 0 if word in TRAIN else 1 if word in EVALUATION else 2
