"""Between the text in a field and the value in the config."""

from __future__ import annotations

import json
from typing import Any, Literal

from core import yaml12
from tui.forms.fields import FormField, types_in

EMPTY = '""'
"""How an empty word is written: an empty text is an absent key."""

_SYNTAX = set(",[]{}#&*!|>'\"%@`:\\\n")


def parse(field: FormField, text: str) -> Any:
    """The value that a non-empty text stands for. Whether it is a right one is for the config to say.

    Mappings are written `key: value, key: value` and lists `a, b`; YAML's braces and brackets are taken as well.
    A field of words takes its text as it is: `no` and `1` are words there.
    """
    text = text.strip()
    kinds = types_in(field.annotation)
    if kinds == {bool}:
        return text == "yes"
    if field.choices or kinds == {str}:
        return "" if text == EMPTY else text
    if dict in kinds and (kinds == {dict} or ":" in text):
        return yaml12.scalar(text if text.startswith("{") else f"{{{text}}}")
    if list in kinds:
        return _parse_list(text, kinds)
    return yaml12.scalar(text)


def text_of(field: FormField, value: Any) -> str:
    """The text that `parse` reads back as `value`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value or EMPTY
    flow = _flow(value)
    if isinstance(value, dict):
        return flow[1:-1]
    if isinstance(value, list) and (len(value) > 1 or types_in(field.annotation) == {list}) and _are_words(value):
        return flow[1:-1]
    return flow


def lines_of(section: dict[str, Any]) -> str:
    """The text of a free field: one key a line."""
    return "\n".join(f"{key}: {_flow(value)}" for key, value in section.items())


def _parse_list(text: str, kinds: set[Any]) -> Any:
    if text.startswith("["):
        return yaml12.scalar(text)
    items = [item.strip() for item in text.split(",")]
    if len(items) == 1:
        if kinds & {str, Literal}:
            return text
        if int in kinds and text.isdigit():
            return int(text)
    return [item for item in items if item]


def _are_words(items: list[Any]) -> bool:
    """Whether the bare form `a, b` comes back as the same list."""
    return all(isinstance(item, str) and _flow(item) == item for item in items)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(str(key))}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, str):
        plain = value and value == value.strip() and not _SYNTAX & set(value) and yaml12.scalar(value) == value
        return value if plain else json.dumps(value, ensure_ascii=False)
    return str(value)
