"""From a million values to dots: nothing that stands out is lost, nothing that cannot be drawn is drawn."""

from __future__ import annotations

import csv
import math
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import FinetuiError
from tests.pilot.recorded import RecordedRun, trained
from tui.charts import blocks as blocks_module
from tui.charts import export, figure, raster, ticks
from tui.charts.blocks import Blocks
from tui.charts.curve import Curve, curve
from tui.charts.source import Source, give_colors
from tui.follow import RunFollower

WIDTH, HEIGHT = 120, 40


def blocks_of(values: Sequence[float]) -> Blocks:
    found = Blocks()
    found.update(array("d", values))
    return found


def curve_of(values: Sequence[float], smoothing: float = 0.0, log: bool = False) -> Curve:
    found = blocks_of(values)
    x = np.arange(0, len(values), found.size, dtype=float)
    return curve(x, found, smoothing, log)


def limits(drawn: Curve) -> raster.Interval:
    there = np.isfinite(drawn.mid)
    return float(drawn.low[there].min()), float(drawn.high[there].max())


def dots(drawn: Curve, count: int) -> np.ndarray:
    bottom, top = raster.draw(drawn, (0.0, float(count - 1)), limits(drawn), WIDTH, HEIGHT)
    return raster.dots(bottom, top, HEIGHT)


def source_of(run: RecordedRun) -> Source:
    follower = RunFollower(run.path)
    follower.replay()
    return Source(follower)


@pytest.mark.parametrize("place", [0, 77_777, 499_999, 999_999])
def test_one_spike_in_a_million_values_reaches_the_top(place: int) -> None:
    values = array("d", [1.0]) * 1_000_000
    values[place] = 9.0
    grid = dots(curve_of(values), len(values))
    assert grid[0].any(), "a dot in the highest row"
    column = int(np.flatnonzero(grid[0])[0])
    assert abs(column - place * WIDTH / 1_000_000) <= 2


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=60), st.integers(0, 60))
def test_blocks_grow_as_if_they_had_been_made_at_once(values: list[float], first: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks_module, "LIMIT", 8)
        growing, source = Blocks(), array("d", values[:first])
        growing.update(source)
        source.extend(values[first:])
        growing.update(source)
        whole = blocks_of(values)
    for field in blocks_module.FIELDS:
        np.testing.assert_allclose(getattr(growing, field), getattr(whole, field))
    finite = [value for value in values if math.isfinite(value)]
    assert whole.bad.sum() == len(values) - len(finite)
    if finite:
        assert (whole.low.min(), whole.high.max()) == (min(finite), max(finite))


def test_values_that_were_taken_back_are_forgotten() -> None:
    found, values = Blocks(), array("d", [1.0, 9.0])
    found.update(values)
    found.update(array("d", [1.0]))
    assert found.high.tolist() == [1.0]


def test_a_line_goes_on_between_far_values_and_breaks_at_nan() -> None:
    whole = dots(curve_of([0.0, 1.0, 2.0, 3.0]), 4)
    assert whole.any(axis=0).all()
    broken = dots(curve_of([0.0, 1.0, math.nan, 3.0, 4.0]), 5)
    assert broken[:, :30].any(axis=0).all()
    assert not broken[:, 31:88].any(), "no line leads over the gap"
    assert broken[:, 90:].any(axis=0).all()


def test_on_a_log_scale_what_is_not_above_zero_is_a_gap() -> None:
    found = curve_of([100.0, 0.0, -1.0, 1.0, 10.0], log=True)
    np.testing.assert_allclose(found.mid, [2, math.nan, math.nan, 0, 1])
    assert found.bad.tolist() == [0, 1, 1, 0, 0]


def test_without_a_value_that_can_be_drawn_there_are_no_dots() -> None:
    for values in ([], [math.nan], [-1.0, 0.0]):
        bottom, _ = raster.draw(curve_of(values, log=True), (0.0, 1.0), (0.0, 1.0), WIDTH, HEIGHT)
        assert np.isnan(bottom).all()


@pytest.mark.parametrize("values", [[5.0], [5.0] * 9, [1e308, -1e308], [5e-324, 0.0]])
def test_flat_and_extreme_curves_are_drawn(values: list[float]) -> None:
    assert dots(curve_of(values), len(values)).any()


def test_smoothing_keeps_a_straight_line_straight_and_calms_a_noisy_one() -> None:
    straight = [float(value) for value in range(200)]
    np.testing.assert_allclose(curve_of(straight, smoothing=0.1).mid, straight)
    noisy = [float(value % 2) for value in range(200)]
    calm = curve_of(noisy, smoothing=0.1)
    assert np.ptp(calm.mid[20:-20]) < 0.2
    assert (calm.high.max(), calm.low.min()) == (1.0, 0.0), "the measured range is still there"


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.0, 1.0, [0, 0.5, 1]), (1.0, 500.0, [200, 400]), (-3.0, 3.0, [-2, 0, 2])]
)
def test_ticks_are_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert ticks.linear(low, high, 3) == pytest.approx(expected)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300), st.integers(1, 12))
@example(1.0, 4.0, 1)
def test_there_are_never_more_ticks_than_asked_for(one: float, other: float, most: int) -> None:
    low, high = sorted((one, other))
    found = ticks.linear(low, high, most)
    assert 1 <= len(found) <= most
    assert 1 <= len(ticks.logarithmic(low / 1e298, high / 1e298, most)) <= most


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (0.0, 1.0, "0"),
        (0.05, 0.05, "0.05"),
        (200_000.0, 1e5, "200k"),
        (1.2e6, 2e5, "1.2M"),
        (5e-5, 1e-5, "5e-05"),
        (1.0, 0.0, "1"),
    ],
)
def test_ticks_are_short(value: float, step: float, text: str) -> None:
    assert ticks.label(value, step) == text


def test_a_run_keeps_its_colour_in_other_company(tmp_path: Path) -> None:
    sources = [source_of(RecordedRun(tmp_path, name)) for name in ("one", "two", "three")]
    give_colors(sources, 1000)
    alone = sources[1].color
    give_colors([sources[1], sources[0]], 1000)
    assert sources[1].color == alone
    give_colors(sources, 3)
    assert len({source.color for source in sources}) == 3


def test_a_place_is_read_to_the_value(tmp_path: Path) -> None:
    source = source_of(trained(tmp_path))
    values = source.run.state.series["loss"].values
    for axis in ("step", "epoch", "time"):
        drawn = source.curve("loss", axis, 0.0, False)
        assert drawn is not None
        reading = source.read("loss", axis, drawn.x[41], drawn.x[41])
        assert reading is not None
        assert reading.value == values[41]
    several = source.read("loss", "step", 40, 44)
    assert several is not None
    assert (several.low, several.high, several.count) == (min(values[39:44]), max(values[39:44]), 5)


def wished(source: Source, metric: str = "loss", log: bool = False) -> figure.Figure:
    return figure.build([source], figure.Wish(metric, "loss", f"eval_{metric}", "eval loss", log=log))


def test_the_csv_holds_every_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(tmp_path)
    run.train(2, [math.nan, 0.5])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(export.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FinetuiError, match="matplotlib is not installed") as failure:
        export.write(run.path, "loss", "loss", wished(source_of(run)))
    assert "finetui[charts]" in failure.value.hint
    with (run.path / "charts" / "loss.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    losses = [row for row in rows if row["metric"] == "loss"]
    assert len(losses) == 202
    assert [row["value"] for row in losses[-2:]] == ["nan", "0.5"]
    assert [row["step"] for row in rows if row["metric"] == "eval_loss"] == ["50", "100", "150", "200"]


@pytest.mark.parametrize("log", [False, True])
def test_the_picture_is_svg_and_png(tmp_path: Path, log: bool) -> None:
    pytest.importorskip("matplotlib", reason="the extra `charts`")
    run = trained(tmp_path)
    base = export.write(run.path, "loss", "$loss_", wished(source_of(run), log=log))
    assert base.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert "</svg>" in base.with_suffix(".svg").read_text()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    run = trained(tmp_path)
    (run.path / "charts").write_text("in the way")
    with pytest.raises(FinetuiError, match="cannot write the chart"):
        export.write(run.path, "loss", "loss", wished(source_of(run)))


def test_config_differences_show_where_long_values_differ() -> None:
    from tui import chart_words

    differing = {"data.files.train": ["/home/someone/data/mrpc/train.tsv", "/home/someone/data/cola/train.tsv"]}
    for wide in (False, True):
        shown = chart_words.differences(differing, 74 if not wide else 32, wide).plain
        assert "mrpc/train.tsv" in shown
        assert "cola/train.tsv" in shown
