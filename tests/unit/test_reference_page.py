"""docs/reference.md shows what docs/reference.jsonl has."""

from __future__ import annotations

from tests.bench.reference import PAGE, RESULTS
from tests.bench.reference_table import read, with_table


def test_its_table_is_that_of_the_results() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_table(text, read(RESULTS)) == text, "run: python -m tests.bench.reference --table"
