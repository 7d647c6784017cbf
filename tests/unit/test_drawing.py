"""Curves in a few characters: nothing that happened may be lost in them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.buckets import LIMIT, Buckets
from tui.metrics import FIRST, MEMORY
from tui.widgets import sparkline
from tui.widgets.metric_card import range_of

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


def drawn(values: list[float], width: int, height: int) -> list[str]:
    rows = sparkline.draw(Buckets(values).columns(width), height)
    return ["".join(char for char, _ in row) for row in rows]


def test_few_values_fill_the_width() -> None:
    assert drawn([1, 2, 3], 6, 1) == ["▁▁▅▅██"]


def test_one_value_is_one_column_and_no_level_that_was_held() -> None:
    assert drawn([0.61], 6, 2) == [" ", "█"]


def test_flat_curve_stands_in_the_middle() -> None:
    assert drawn([0.5] * 4, 4, 2) == ["    ", "████"]


def test_nothing_to_draw() -> None:
    assert drawn([], 5, 2) == ["", ""]


def test_the_range_of_a_card_is_that_of_its_bars() -> None:
    memory = Buckets([1.0 * 2**30, 1.4 * 2**30])
    memory.reach(2.0 * 2**30)
    assert range_of(MEMORY, memory) == "1.0\N{EN DASH}1.4 GiB"
    assert range_of(MEMORY, Buckets([2**20, 2**30])) == "1.0 MiB\N{EN DASH}1.0 GiB"
    assert range_of(FIRST[0], Buckets([0.7, math.nan, 0.3303])) == "0.3303\N{EN DASH}0.7000"
    for silent in ([], [0.61], [0.5, 0.5], [math.nan, math.inf]):
        assert range_of(FIRST[0], Buckets(silent)) == ""


def test_gap_is_drawn_where_nothing_is_a_number() -> None:
    rows = sparkline.draw(Buckets([1, math.nan, 1, 1]).columns(4), 2)
    assert rows[1][1] == (sparkline.GAP, "bad")
    assert rows[0][1] == (" ", "bad")


def test_column_with_both_shows_the_numbers_and_that_some_were_none() -> None:
    columns = Buckets([1, 1, math.nan, 9]).columns(2)
    assert [kind for _, kind in sparkline.draw(columns, 1)[0]] == ["bar", "bad"]


@pytest.mark.parametrize("at", [0, 1, 4_999, 77_777, 99_999])
@pytest.mark.parametrize("spike", [9.0, -9.0])
def test_one_spike_in_a_hundred_thousand_values_is_seen(at: int, spike: float) -> None:
    values = [0.3] * 100_000
    values[at] = spike
    columns = Buckets(values).columns(16)
    top, bottom = sparkline.draw(columns, 2)
    if spike > 0:
        assert [char for char, _ in top].count("█") == 1
    else:
        seen = [column for column in columns if column.low == spike]
        assert len(seen) == 1
        assert [kind for _, kind in bottom].count("bar") == 15, "where it dips, the rest of the column is its range"


@given(st.lists(NUMBERS, max_size=3000), st.integers(1, 60), st.integers(1, 6))
def test_every_curve_can_be_drawn(values: list[float], width: int, height: int) -> None:
    rows = drawn(values, width, height)
    assert len(rows) == height
    assert all(len(row) == (width if len(values) > 1 else len(values)) for row in rows)


@given(st.lists(NUMBERS, min_size=1, max_size=3000))
def test_buckets_forget_no_extreme_and_no_gap(values: list[float]) -> None:
    total = Buckets(values).columns(1)[0]
    finite = [value for value in values if math.isfinite(value)]
    assert total.count == len(values)
    assert total.bad == len(values) - len(finite)
    assert (total.low, total.high) == ((min(finite), max(finite)) if finite else (math.inf, -math.inf))


@given(st.integers(1, 5000), st.integers(1, 40))
def test_order_is_kept(count: int, width: int) -> None:
    columns = Buckets(float(value) for value in range(count)).columns(width)
    assert [column.low for column in columns] == sorted(column.low for column in columns)
    assert columns[0].low == 0
    assert columns[-1].high == count - 1


def test_memory_is_bounded() -> None:
    buckets = Buckets(float(value) for value in range(50 * LIMIT))
    assert len(buckets.columns(100 * LIMIT)) == 100 * LIMIT
    assert len(buckets._buckets) <= LIMIT
