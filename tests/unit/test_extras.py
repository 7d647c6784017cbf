"""Whoever has to know of the extras knows of all of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from core.training import provenance
from tui.shell.doctor import OPTIONAL

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def packages(*left_out: str) -> dict[str, str]:
    """Package -> its extra."""
    extras = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    return {
        re.split(r"[<>=\[]", requirement)[0]: extra
        for extra, requirements in extras.items()
        if extra not in ("test", "lint", *left_out)
        for requirement in requirements
    }


def test_doctor_says_of_every_extra_whether_it_is_missing() -> None:
    wanted = {package: f"pip install 'finetui[{extra}]'" for package, extra in packages().items()}
    assert {package: use.rpartition(": ")[2] for package, use in OPTIONAL.items()} == wanted


def test_a_run_records_the_version_of_what_trains_or_scores_it() -> None:
    assert set(provenance.EXTRAS) == packages("charts", "demo").keys()
    assert provenance._versions().keys() >= {"trl", "sentence-transformers", "sacrebleu", "rouge-score"}
