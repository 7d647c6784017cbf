"""What runs have in common and what not: the keys of their configs that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core import yaml12
from core.errors import FinetuiError
from core.runs import layout

ABSENT = "-"
"""What stands for a key that a config does not have: it took the default."""
UNIQUE = ("name",)
"""Keys that tell runs apart and nothing else."""


def differences(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The dotted keys whose values differ -> the value in each config, in their order; None where a config lacks it."""
    flat = [dict(_flat(config)) for config in configs]
    keys = dict.fromkeys(key for config in flat for key in config)
    found = {key: [config.get(key) for config in flat] for key in keys if key not in UNIQUE}
    return {key: values for key, values in found.items() if any(value != values[0] for value in values)}


def written(value: Any) -> str:
    """A value as it is shown: whole, and short where it is absent."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_configs(runs: Sequence[Path]) -> list[dict[str, Any]]:
    """The config of each run folder; empty where it cannot be read."""
    found = []
    for run in runs:
        try:
            found.append(yaml12.read(run / layout.CONFIG).data)
        except FinetuiError:
            found.append({})
    return found


def _flat(config: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Leaves by their dotted key. A list is a leaf; so is an empty mapping, which says nothing."""
    found: list[tuple[str, Any]] = []
    for key, value in config.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{above}{key}.")
        else:
            found.append((f"{above}{key}", value))
    return found
