"""Figures of entities, as a script has them, are those of the run: also where one is 0/0, and without a warning."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pytest

from core import metrics
from core.scripts import token_classification

LABELS = ["O", "B-PER", "I-PER", "B-LOC"]
ROWS = {
    "some of both": ([[1, 2, 0], [3, 0]], [[1, 2, 0], [0, 3]]),
    "nothing predicted": ([[0, 0, 0], [0, 0]], [[1, 2, 0], [0, 3]]),
    "one class not predicted": ([[1, 2, 0], [0, 0]], [[1, 2, 0], [0, 3]]),
    "nothing to find": ([[1, 2, 0], [0, 0]], [[0, 0, 0], [0, 0]]),
    "nothing at all": ([[0, 0, 0], [0, 0]], [[0, 0, 0], [0, 0]]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("other", [[], ["mse"]], ids=["alone", "beside another"])
@pytest.mark.parametrize("case", ROWS)
def test_the_source_gives_the_figures_of_the_run(case: str, other: list[str]) -> None:
    said, right = ([np.array(row) for row in side] for side in ROWS[case])
    imports, lines = token_classification._score(["seqeval", *other], len(LABELS))
    scope: dict[str, Any] = {"LABELS": LABELS}
    exec("\n".join([*imports, "def scored(guesses, labels):", textwrap.indent(lines, "    ")]), scope)

    found = scope["scored"](said, right)

    names = [[[LABELS[tag] for tag in row] for row in side] for side in (said, right)]
    expected = metrics.compute(["seqeval"], *names)
    undefined = {name for name in ("precision", "recall", "f1", "accuracy") if name not in expected}
    assert {name: found[name] for name in expected} == pytest.approx(expected, nan_ok=True)
    assert all(np.isnan(found[name]) for name in undefined)
