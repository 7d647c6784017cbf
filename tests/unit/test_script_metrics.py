"""Every built-in metric, as a script has it, says what the run says."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pytest

from core import metrics
from core.metrics.names import TABLE
from core.scripts import metrics as source

RANDOM = np.random.default_rng(0)
WORDS = ["a cat sat", "the dog ran home", "a cat ran", "one", "the dog sat on a cat"]
GIVEN: dict[str, tuple[Any, Any]] = {
    "labels": (RANDOM.integers(0, 2, 40), RANDOM.integers(0, 2, 40)),
    "hot": (RANDOM.integers(0, 2, (40, 3)), RANDOM.integers(0, 2, (40, 3))),
    "numbers": (RANDOM.normal(size=40).astype(np.float32), RANDOM.normal(size=40).astype(np.float32)),
    "texts": ([WORDS[index] for index in (0, 1, 2, 3, 4)], [WORDS[index] for index in (2, 1, 0, 3, 1)]),
    "ids": ([[1, 2], [3], [4, 5]], [[1, 2], [4], [4, 5]]),
}
CASES = [(name, kind) for name, metric in TABLE.items() for kind in metric.kinds if kind in GIVEN]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_source_of_a_metric_gives_its_figures(name: str, kind: str) -> None:
    guesses, labels = GIVEN[kind]

    imports, lines = source.score([name], 3 if kind == "hot" else 2, several=kind == "hot")

    scope: dict[str, Any] = {}
    body = textwrap.indent(lines, "    ")
    exec("\n".join([*imports, "def scored(guesses, labels, losses):", body]), scope)
    found = scope["scored"](guesses, labels, None)
    expected = metrics.compute([name], guesses, labels, num_labels=3 if kind == "hot" else 2)
    assert expected
    assert {key: found[key] for key in expected} == pytest.approx(expected, abs=1e-9)


def test_perplexity_follows_from_the_losses() -> None:
    imports, lines = source.score(["perplexity"])
    scope: dict[str, Any] = {}
    exec("\n".join([*imports, "def scored(losses):", textwrap.indent(lines, "    ")]), scope)

    losses = RANDOM.uniform(1, 3, 20).astype(np.float32)

    assert scope["scored"](losses) == pytest.approx(metrics.compute(["perplexity"], losses=losses), rel=1e-9)
