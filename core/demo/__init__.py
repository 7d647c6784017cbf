"""The built-in demos: real runs on data that every machine has, offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from core.errors import FinetuiError

if TYPE_CHECKING:
    from core.config import RunConfig


@dataclass(frozen=True, slots=True)
class Demo:
    """What a person is told about a demo. `inputs` are worth typing into the chat afterwards."""

    name: str
    summary: str
    inputs: tuple[str, ...]


DEMOS = {
    demo.name: demo
    for demo in (
        Demo(
            "cities",
            "a small BERT learns on which continent a city lies, from its name alone",
            ("Toulouse", "Nairobi", "Montevideo", "Kyoto", "Honolulu"),
        ),
        Demo("sums", "a tiny Llama learns to add, from scratch", ("1 + 1 =", "17 + 25 =", "30 + 9 =")),
    )
}


def prepare(name: str) -> RunConfig:
    """Write a demo's data to the user's cache and give the config of its run. Takes seconds, not more.

    Raises:
        FinetuiError: there is no such demo, or its model is not to be had.
    """
    if name not in DEMOS:
        raise FinetuiError(f"there is no demo {name}", "finetui demo NAME", f"the demos are {', '.join(DEMOS)}")
    folder = platformdirs.user_cache_path("finetui") / "demo" / name
    folder.mkdir(parents=True, exist_ok=True)
    if name == "cities":
        from core.demo import cities

        return cities.prepare(folder)
    from core.demo import sums

    return sums.prepare(folder)


def write_rows(file: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as jsonl, unless the file holds them already: its age is part of the dataset's fingerprint."""
    import json

    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
