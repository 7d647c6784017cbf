"""YAML 1.2 in and out: `5e-5` is a number, `no` is a word."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from core.errors import FinetuiError, first_line

Location = tuple[str | int, ...]


class Document:
    """A parsed YAML mapping that remembers on which line each key stands.

    Attributes:
        data: the mapping, as plain dicts, lists and scalars.
        path: where it was read from; None for text that no file holds.
    """

    def __init__(self, data: dict[str, Any], lines: dict[Location, int], path: Path | None) -> None:
        self.data = data
        self.path = path
        self._name = str(path) if path else "config"
        self._places = {location: f"{self._name}:{line}" for location, line in lines.items()}

    def mark(self, location: Location, place: str) -> None:
        """Say that the value at `location` comes from `place`, not from the file."""
        self._places[location] = place

    def where(self, location: Location) -> str:
        """The place of a key, or of the nearest key above it: `file:line`."""
        for length in range(len(location), 0, -1):
            place = self._places.get(location[:length])
            if place is not None:
                return place
        return self._name


def read(path: Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises:
        FinetuiError: the file is missing, unreadable, not YAML, or not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FinetuiError(f"there is no file {path.name}", str(path), "check the path") from None
    except IsADirectoryError:
        raise FinetuiError(f"{path.name} is a folder", str(path), "name the YAML file in it") from None
    except UnicodeDecodeError as error:
        raise FinetuiError(
            f"{path.name} is not UTF-8 text", f"{path}, byte {error.start}", "save it as UTF-8"
        ) from None
    except OSError as error:
        raise FinetuiError(f"cannot read {path.name}", f"{path}: {error.strerror}", "check its permissions") from None
    return parse(text, path)


def parse(text: str, path: Path | None = None) -> Document:
    """Parse YAML text whose top level is a mapping; an empty text is an empty mapping.

    Raises:
        FinetuiError: it is not YAML, a key stands twice, or the top level is not a mapping.
    """
    try:
        loaded = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path or 'text'}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise FinetuiError(
            f"not readable as YAML: {error.problem or error.context}", where, _syntax_hint(error)
        ) from None
    except YAMLError as error:
        first = first_line(str(error)) or "unknown"
        raise FinetuiError(f"not readable as YAML: {first}", str(path), "remove what is not text") from None
    if loaded is None:
        loaded = CommentedMap()
    if not isinstance(loaded, CommentedMap) and path is None:
        raise FinetuiError("no keys with values", "text:1", "write `key: value`, one a line")
    if not isinstance(loaded, CommentedMap):
        raise FinetuiError(
            "the file is not a mapping of keys to values", f"{path}:1", "begin with `model:` and `data:`"
        )
    lines: dict[Location, int] = {}
    data = _plain(loaded, (), lines)
    return Document(data, lines, path)


def scalar(text: str) -> Any:
    """The value that `text` would have in a YAML 1.2 file: a number, a bool, a list, a word, ..."""
    try:
        return _plain(YAML(typ="rt").load(text), (), {})
    except YAMLError:
        return text


def dump(data: dict[str, Any]) -> str:
    """YAML text of plain data, keys in their order, short lists on one line."""
    writer = YAML()
    writer.width = 4096
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    writer.dump(_flow_short_lists(data), stream)
    return stream.getvalue()


def _plain(node: Any, location: Location, lines: dict[Location, int]) -> Any:
    if isinstance(node, CommentedMap):
        for key in node:
            lines[(*location, key)] = node.lc.key(key)[0] + 1
        return {str(key): _plain(value, (*location, key), lines) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        for index in range(len(node)):
            lines[(*location, index)] = node.lc.item(index)[0] + 1
        return [_plain(value, (*location, index), lines) for index, value in enumerate(node)]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _flow_short_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _flow_short_lists(item) for key, item in value.items()}
    if isinstance(value, list):
        sequence = CommentedSeq(_flow_short_lists(item) for item in value)
        if all(not isinstance(item, (dict, list)) for item in value):
            sequence.fa.set_flow_style()
        return sequence
    return value


def _syntax_hint(error: MarkedYAMLError) -> str:
    if "duplicate key" in str(error.problem):
        return "keep one of the two"
    if "\\t" in str(error.problem):
        return "indent with spaces, not with tabs"
    return "check the indentation and the quotes on that line"
