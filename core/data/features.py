"""The columns of a dataset as a tree for people: types, classes with their ids, what lies in lists and structs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from core.data.browse import class_names, type_name

if TYPE_CHECKING:
    from datasets import Features

MOST_CLASSES = 200
INDENT = "  "


def tree(features: Features | Mapping[str, Any]) -> list[str]:
    """A line for each column and each field in one, indented; below a ClassLabel its classes."""
    return [line for name, feature in features.items() for line in _lines(str(name), feature, "")]


def _lines(name: str, feature: Any, indent: str) -> Iterator[str]:
    kind = "list of " if isinstance(feature, list) or hasattr(feature, "feature") else ""
    inner = feature[0] if isinstance(feature, list) else getattr(feature, "feature", feature)
    if isinstance(inner, Mapping):
        yield f"{indent}{name}: {kind}fields"
        for field, item in inner.items():
            yield from _lines(str(field), item, indent + INDENT)
        return
    yield f"{indent}{name}: {kind}{type_name(inner)}"
    names = class_names(inner)
    for index, label in enumerate(names[:MOST_CLASSES]):
        yield f"{indent}{INDENT}{index} {label}"
    if len(names) > MOST_CLASSES:
        yield f"{indent}{INDENT}and {len(names) - MOST_CLASSES} more"
