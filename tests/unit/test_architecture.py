"""What docs/architecture.md draws is what is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TREE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```")[1]


def drawn() -> dict[str, set[Path]]:
    """Room -> the files and packages that are named in it. Names on further lines belong to the package above them."""
    found: dict[str, set[Path]] = {}
    room = package = ROOT
    for line in TREE.strip("\n").splitlines():
        first, *rest = line.split()
        if not line.startswith(" "):
            room = package = ROOT / first
            found[room.name] = set()
        elif not line.startswith("   "):
            package = room / first if first.endswith("/") else room
        if package.name == first.rstrip("/"):
            found[room.name].add(package)
            line = " ".join(rest)
        found[room.name] |= {package / name for name in re.findall(r"\w+\.(?:py|tcss)|\w+/", line)}
    return found


def test_every_file_that_is_drawn_is_there() -> None:
    named = {path for paths in drawn().values() for path in paths}
    assert len(named) > 100
    assert [path for path in sorted(named) if not path.exists()] == []


def test_every_package_and_every_module_beside_them_is_drawn() -> None:
    for name in ("core", "tui"):
        room = ROOT / name
        there = {path for path in room.glob("*.py") if path.name != "__init__.py"}
        there |= {path.parent for path in room.glob("*/__init__.py")}
        assert sorted(there - drawn()[name]) == []
