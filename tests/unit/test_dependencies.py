"""What core and tui import is declared: nothing is there only because another package happens to bring it."""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
OURS = {"core", "tui"}
NAMED_OTHERWISE = {"pynvml": "nvidia-ml-py", "ruamel": "ruamel-yaml", "sklearn": "scikit-learn"}
"""Package -> the distribution that brings it, where that is not its name."""
FOR_OURSELVES = {"test", "lint"}
"""Extras that no user installs."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def imported() -> dict[str, str]:
    """Each top-level package of others that is imported anywhere, also late or for its types alone; with a file."""
    found: dict[str, str] = {}
    for room in sorted(OURS):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                for top in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - OURS:
                    found.setdefault(top, str(path.relative_to(ROOT)))
    return found


def declared() -> list[Requirement]:
    """The dependencies, and those of the extras for users."""
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for name in extras.keys() - FOR_OURSELVES for line in extras[name])]
    return [Requirement(line) for line in lines]


def test_every_import_is_declared() -> None:
    names = {canonicalize_name(requirement.name) for requirement in declared()}
    found = imported()
    assert {"torch", "textual", "numpy"} <= found.keys()
    missing = {
        top: file for top, file in found.items() if NAMED_OTHERWISE.get(top, canonicalize_name(top)) not in names
    }
    assert missing == {}


def test_the_exact_versions_lie_in_the_ranges() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    exact = {canonicalize_name(name): Version(version) for name, version in pins.items()}
    for requirement in declared():
        assert exact[canonicalize_name(requirement.name)] in requirement.specifier, requirement
