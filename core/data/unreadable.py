"""Why a data file could not be read: the file, the line, and what to do."""

from __future__ import annotations

import errno
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.data.files import Format, opened
from core.errors import FinetuiError, first_line

_RAGGED = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BLOCK = 2**20
_OR = "; Datasets shows it, data.damaged: drop leaves such rows out"
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def explain(paths: list[Path], kind: Format, error: BaseException) -> FinetuiError:
    """What a person can do about a failure to read `paths`. Looks for the place by reading them again."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, OSError) and (cause.errno in _NO_SPACE or _elsewhere(cause, paths)):
            return _no_cache(cause)
    for path in paths:
        found = _damaged_gzip(path) or _without_rows(path) or _not_text(path, kind)
        if found is None and kind == "json":
            found = _bad_json(path)
        if found is not None:
            return found
    text = "\n".join(str(cause) for cause in causes)
    names = ", ".join(path.name for path in paths[:3]) + (", ..." if len(paths) > 3 else "")
    if kind in ("csv", "tsv"):
        return _bad_csv(names, text)
    if "corresponds to no data" in text or isinstance(error, StopIteration):
        return _no_rows(paths[0])
    cause = error.__cause__ or error  # datasets wraps most of what its builders raise
    reason = first_line(cause)
    hint = "check that the file is whole and its name ends in its real format"
    if kind == "json":
        parsed = "parse error" not in reason
        hint = "give every row the same columns, with one type each" if parsed else "correct that row"
    return FinetuiError(f"cannot read {names} as {kind}", reason, hint)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _elsewhere(error: OSError, paths: list[Path]) -> bool:
    """Whether the file that an error is about is none of the data: then it lies in the cache."""
    return isinstance(error.filename, str) and Path(error.filename).absolute() not in [
        path.absolute() for path in paths
    ]


def _no_cache(error: OSError) -> FinetuiError:
    where = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return FinetuiError(
        "cannot write the dataset cache", where, "free some space, or choose another place with HF_DATASETS_CACHE"
    )


def _no_rows(path: Path) -> FinetuiError:
    return FinetuiError(f"{path.name} has no rows", str(path), "choose a file that has data")


def _without_rows(path: Path) -> FinetuiError | None:
    return _no_rows(path) if path.stat().st_size == 0 else None


def _damaged_gzip(path: Path) -> FinetuiError | None:
    if path.suffix.lower() != ".gz":
        return None
    try:
        with opened(path) as stream:
            while stream.read(_BLOCK):
                pass
    except gzip.BadGzipFile:
        return FinetuiError(f"{path.name} is not gzip", str(path), "take .gz off its name if it is plain text")
    except (EOFError, OSError, zlib.error):
        hint = f"download it again{_OR}"
        return FinetuiError(f"{path.name} is cut short", f"{path}: the gzip stream has no end", hint)
    return None


def _not_text(path: Path, kind: Format) -> FinetuiError | None:
    if kind in ("parquet", "arrow"):
        return None
    with opened(path) as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                guess = "UTF-16" if number == 1 and line.startswith(_UTF16) else "WINDOWS-1252"
                return FinetuiError(
                    f"{path.name} is not UTF-8",
                    f"{path}, line {number}: byte 0x{line[error.start]:02x}",
                    f"convert it, perhaps: iconv -f {guess} -t UTF-8 {path.name} > utf8-{path.name}{_OR}",
                )
    return None


def _bad_json(path: Path) -> FinetuiError | None:
    with opened(path) as stream:
        head = stream.read(_BLOCK).decode("utf-8-sig", "replace").lstrip()
    if not head:
        return _no_rows(path)
    return _bad_array(path) if head.startswith("[") else _bad_lines(path)


def _bad_array(path: Path) -> FinetuiError | None:
    with opened(path) as stream:
        text = stream.read().decode("utf-8-sig")
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        return _malformed(path, error.lineno, f"{error.msg}, column {error.colno}")
    if not rows:
        return _no_rows(path)
    odd = next((index for index, row in enumerate(rows) if not isinstance(row, dict)), None)
    if odd is None:
        return None
    kinds = f"item {odd + 1} is a {_json_type(rows[odd])}"
    return FinetuiError(f"{path.name} is not a list of objects", f"{path}: {kinds}", "write each row as an object")


def _bad_lines(path: Path) -> FinetuiError | None:
    with opened(path) as stream:
        for number, line in enumerate(stream, 1):
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            if not text:
                continue
            try:
                row = json.loads(text, object_pairs_hook=_without_duplicates)
            except json.JSONDecodeError as error:
                return _malformed(path, number, f"{error.msg}, column {error.colno}")
            except KeyError as error:
                return _malformed(path, number, f"{error.args[0]} stands twice in one object")
            if not isinstance(row, dict):
                return _malformed(path, number, f"a {_json_type(row)} where an object should be")
    return None


def _malformed(path: Path, line: int, reason: str) -> FinetuiError:
    reason = reason[0].lower() + reason[1:]
    return FinetuiError(
        f"{path.name} is not valid json",
        f"{path}, line {line}: {reason}",
        f"write one object per line, or one list of objects{_OR if line > 1 else ''}",
    )


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise KeyError(key)
        seen[key] = value
    return seen


def _json_type(value: Any) -> str:
    names = {str: "string", bool: "boolean", int: "number", float: "number", list: "list", type(None): "null"}
    return names.get(type(value), "value")


def _bad_csv(names: str, text: str) -> FinetuiError:
    if ragged := _RAGGED.search(text):
        header, line, cells = ragged.groups()
        return FinetuiError(
            f"{names} has a row that is too long",
            f"line {line}: {cells} cells where the header has {header}",
            f'put cells that hold the separator in "quotes"{_OR}',
        )
    if quote := _OPEN_QUOTE.search(text):
        return FinetuiError(
            f"{names} has a quote that is never closed",
            f"it opens in row {quote[1]} after the header",
            f'close it, or double a quote that belongs to the text: ""{_OR}',
        )
    if "No columns to parse" in text or "corresponds to no data" in text:
        return FinetuiError(f"{names} has no rows", "nothing follows the header", "choose a file that has data")
    return FinetuiError(f"cannot read {names}", first_line(text), "check its separators and quotes")
