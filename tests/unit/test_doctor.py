"""What `finetui doctor` looks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tui.shell.doctor import OPTIONAL

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_what_is_missing_is_looked_for_in_every_extra_that_a_user_can_install() -> None:
    extras = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    wanted = {
        re.split(r"[<>=\[]", requirement)[0]: f"pip install 'finetui[{extra}]'"
        for extra, requirements in extras.items()
        if extra not in ("test", "lint")
        for requirement in requirements
    }
    assert {package: use.rpartition(": ")[2] for package, use in OPTIONAL.items()} == wanted
