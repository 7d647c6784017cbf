"""What is wrong with text files, beside the Arrow cache; with copies of those that cannot be read as they are."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from core.data.damage import Damage
from core.data.files import Format

_VERSION = "2"
"""Part of a copy's name: raise it when rows come out otherwise."""
_DAMAGE = "damage.json"


@dataclass(frozen=True, slots=True)
class Mended:
    """A file as it can be read: a copy, or itself where nothing is wrong with it."""

    path: Path
    rows: int
    damages: list[Damage]


def mend(path: Path, kind: Format) -> Mended | None:
    """The file as it can be read; None of a format that is no text, or where no row can be.

    Raises:
        OSError: it cannot be read, or the copy cannot be written.
    """
    if kind in ("parquet", "arrow"):
        return None
    known = found(path)
    if known is not None:
        return known
    place = _place(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=place.parent))
    try:
        with (building / _name(path)).open("w", encoding="utf-8", newline="") as out:
            rows, damages = _write(path, kind, out)
        if not rows:
            return None
        if not any(damage.stops for damage in damages):
            (building / _name(path)).unlink()
        _say(building, rows, damages)
        building.replace(place)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return found(path)


def note_short_rows(paths: list[Path], kind: Format, rows: int) -> None:
    """Look for rows with missing cells in the files of a split that could be read as they are; `found` has them then.

    Args:
        rows: how many the split has: if others are counted here, nobody can say which they are, and nothing is noted.

    Raises:
        OSError: a file cannot be read, or nothing can be written beside the cache.
    """
    from core.data import csv_builder, mended_csv
    from core.data.mended_text import Lines

    if all(found(path) for path in paths):
        return
    counted: list[tuple[int, list[Damage]]] = []
    for path in paths:
        separator = csv_builder.separator_of(Lines(path)) if kind == "csv" else "\t"
        counted.append(mended_csv.short_rows(path, separator, csv_builder.quoting_of(Lines(path), separator)))
    if sum(count for count, _ in counted) != rows:
        return
    for path, (count, damages) in zip(paths, counted, strict=True):
        place = _place(path)
        place.mkdir(parents=True, exist_ok=True)
        _say(place, count, damages)


def found(path: Path) -> Mended | None:
    """What `mend` made of a file as it is now; None where it was never asked to."""
    place = _place(path)
    try:
        said = json.loads((place / _DAMAGE).read_text())
    except OSError:
        return None
    damages = [Damage(**damage) for damage in said["damages"]]
    copied = any(damage.stops for damage in damages)
    return Mended(place / _name(path) if copied else path, said["rows"], damages)


def in_split(files: list[Mended]) -> list[Damage]:
    """The damage of the files of a split, its rows counted in the split."""
    damages: list[Damage] = []
    before = 0
    for file in files:
        damages += [replace(damage, rows=[before + row for row in damage.rows]) for damage in file.damages]
        before += file.rows
    return damages


def _say(place: Path, rows: int, damages: list[Damage]) -> None:
    """Write, in one piece, what `found` reads."""
    building = place / f"{_DAMAGE}.{os.getpid()}"
    building.write_text(json.dumps({"rows": rows, "damages": [asdict(damage) for damage in damages]}))
    building.replace(place / _DAMAGE)


def _write(path: Path, kind: Format, out: IO[str]) -> tuple[int, list[Damage]]:
    from core.data import csv_builder, mended_csv, mended_json
    from core.data.mended_text import Lines

    if kind in ("csv", "tsv"):
        separator = csv_builder.separator_of(Lines(path)) if kind == "csv" else "\t"
        return mended_csv.mend(path, separator, csv_builder.quoting_of(Lines(path), separator), out)
    return mended_json.mend(path, out) if kind == "json" else _plain(path, out)


def _plain(path: Path, out: IO[str]) -> tuple[int, list[Damage]]:
    from core.data.mended_csv import whole_file
    from core.data.mended_text import Lines

    lines = Lines(path)
    for line in lines:
        out.write(line)
    bad = [Damage(str(path), "bytes", lines.bad[0], [number - 1 for number in lines.bad])] if lines.bad else []
    return lines.number, bad + whole_file(path, lines)


def _place(path: Path) -> Path:
    import datasets

    stat = path.stat()
    key = f"{_VERSION} {path.absolute()} {stat.st_mtime_ns} {stat.st_size}"
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return Path(datasets.config.HF_DATASETS_CACHE) / "finetui-mended" / digest


def _name(path: Path) -> str:
    return path.name[: -len(".gz")] if path.suffix.lower() == ".gz" else path.name
