"""Python source, written: literals, imports, and templates that are filled in."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from string import Template
from typing import Any

WIDTH = 100
"""Columns of a line, about."""
STANDARD = (
    "collections",
    "copy",
    "dataclasses",
    "hashlib",
    "importlib",
    "json",
    "math",
    "pathlib",
    "re",
    "string",
    "sys",
)
"""Modules that come with Python: their imports stand first."""


def literal(value: Any, indent: int = 0) -> str:
    """The source of a plain value, over several lines where one is too short; nothing in it is ever code.

    Args:
        indent: columns that stand before it.
    """
    if isinstance(value, str):
        return _text(value)
    short = _short(value)
    if len(short) + indent <= WIDTH or not isinstance(value, (dict, list, tuple)) or not value:
        return short
    inner = " " * (indent + 4)
    if isinstance(value, dict):
        lines = [f"{inner}{literal(key)}: {literal(item, indent + 4)},\n" for key, item in value.items()]
    else:
        lines = [f"{inner}{literal(item, indent + 4)},\n" for item in value]
    first, last = "{}" if isinstance(value, dict) else "()" if isinstance(value, tuple) else "[]"
    return f"{first}\n{''.join(lines)}{' ' * indent}{last}"


def call(name: str, arguments: Mapping[str, str], positional: Iterable[str] = ()) -> str:
    """A call with arguments that are source already."""
    given = [*positional, *(f"{key}={source}" for key, source in arguments.items())]
    short = f"{name}({', '.join(given)})"
    if len(short) <= WIDTH and "\n" not in short:
        return short
    lines = "".join(f"    {source},\n" for source in given)
    return f"{name}(\n{lines})"


def keyword_arguments(values: Mapping[str, Any]) -> dict[str, str]:
    """Plain values as the source of keyword arguments."""
    return {key: literal(value, 4 + len(key) + 1) for key, value in values.items()}


def fill(template: str, **values: str) -> str:
    """A template whose `$names` are replaced. A value of several lines is indented like the line that it stands on."""
    lines = []
    for line in textwrap.dedent(template).strip("\n").splitlines():
        name = line.strip().removeprefix("$")
        if line.strip() == f"${name}" and name in values:
            if values[name]:
                lines.append(textwrap.indent(values[name], line[: len(line) - len(line.lstrip())]))
        else:
            lines.append(Template(line).substitute(values))
    return "\n".join(lines)


def imports(lines: Iterable[str]) -> str:
    """Import statements sorted, those from one module in one: what comes with Python, then the rest."""
    whole: set[str] = set()
    parts: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, _, names = line.removeprefix("from ").partition(" import ")
            parts.setdefault(module, set()).update(names.split(", "))
        else:
            whole.add(line)
    written = {line: line for line in whole}
    for module, imported in parts.items():
        line = f"from {module} import {', '.join(sorted(imported, key=_order))}"
        if len(line) > WIDTH:
            listed = "".join(f"    {name},\n" for name in sorted(imported, key=_order))
            line = f"from {module} import (\n{listed})"
        written[f"from {module}"] = line
    standard = [line for line in written if _module(line) in STANDARD]
    groups = [standard, [line for line in written if line not in standard]]
    # Whole modules first, then parts of modules: as isort has it.
    ordered = [sorted(group, key=lambda line: (line.startswith("from "), line.lower())) for group in groups]
    return "\n\n".join("\n".join(written[line] for line in group) for group in ordered if group)


def plain(text: str) -> str:
    """Foreign text that may stand in a comment or docstring: one line, no quote and no backslash."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown.replace('"', "'").replace("\\", "/")


def _order(name: str) -> tuple[bool, bool, str]:
    """CONSTANTS, Classes, functions."""
    return not name.isupper(), not name[:1].isupper(), name


def _module(line: str) -> str:
    return line.split()[1].partition(".")[0]


def _text(value: str) -> str:
    source = repr(value)
    return f'"{source[1:-1]}"' if source[0] == "'" and '"' not in source and "\\'" not in source else source


def _short(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_short(key)}: {_short(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(map(_short, value))
        if isinstance(value, tuple):
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        return f"[{inside}]"
    if (isinstance(value, float) and value in (float("inf"), float("-inf"))) or value != value:
        return f'float("{value}")'
    return repr(value)
