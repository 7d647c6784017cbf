"""The short cut that the reader of a long run leaves to the next one: never another picture than the events give."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.events import RunStarted
from core.runs import history, layout
from core.runs.history import History
from core.runs.reader import RunReader
from core.runs.state import RunState
from tests.pilot.recorded import RecordedRun, trained


@pytest.fixture(autouse=True)
def every_run_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "WORTH_SAVING", 1)


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return trained(tmp_path / "runs")


def opened(run: RecordedRun) -> RunState:
    found = History(run.path)
    found.replay()
    return found.state


def from_events(run: RecordedRun) -> RunState:
    state = RunState()
    for event in RunReader(run.path).read_all():
        state.apply(event)
    return state


def resume(run: RecordedRun, step: int) -> None:
    run.step = step
    run.folder.emit(
        RunStarted(
            t=run.now, run="r", name="mrpc-tiny", task="causal-lm", model="m", method="lora", engine="trainer",
            resumed_from=step,
        )
    )  # fmt: skip


def test_the_short_cut_gives_the_state_that_the_events_give(run: RecordedRun) -> None:
    first = opened(run)
    assert (run.path / layout.CURVES).exists()
    assert opened(run) == first == from_events(run)


def test_what_came_after_it_is_read_from_the_events(run: RecordedRun) -> None:
    opened(run)
    run.train(30)
    run.evaluate(loss=0.3)
    assert opened(run) == from_events(run)
    run.finish(loss=0.3)
    assert opened(run) == from_events(run)


def test_a_resumed_run_takes_back_what_came_after_its_checkpoint(run: RecordedRun) -> None:
    opened(run)
    resume(run, 100)
    run.train(10)
    state = opened(run)
    assert state == from_events(run)
    assert list(state.series["loss"].steps) == list(range(1, 111))
    assert opened(run) == from_events(run), "and again, from the short cut that was left after it"


def test_progress_that_a_phase_has_ended_is_not_brought_back(run: RecordedRun) -> None:
    run.phase("saving")
    opened(run)
    assert opened(run).progress is None
    assert opened(run) == from_events(run)


def cut_short(run: RecordedRun) -> None:
    file = run.path / layout.CURVES
    file.write_bytes(file.read_bytes()[:-8])


def scramble(run: RecordedRun) -> None:
    (run.path / layout.CURVES).write_bytes(b"\x00\xff no JSON\n" * 9)


def other_version(run: RecordedRun) -> None:
    file = run.path / layout.CURVES
    head, _, rest = file.read_bytes().partition(b"\n")
    file.write_bytes(json.dumps(json.loads(head) | {"version": 0}).encode() + b"\n" + rest)


def shorter_events(run: RecordedRun) -> None:
    file = run.path / layout.EVENTS
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:100]))


def other_events(run: RecordedRun) -> None:
    file = run.path / layout.EVENTS
    file.write_bytes(file.read_bytes().replace(b'"loss": 0.6', b'"loss": 0.9'))


@pytest.mark.parametrize("damage", [cut_short, scramble, other_version, shorter_events, other_events])
def test_a_short_cut_that_does_not_fit_is_passed_over(run: RecordedRun, damage: Callable[[RecordedRun], None]) -> None:
    opened(run)
    damage(run)
    assert opened(run) == from_events(run)


def test_a_folder_that_cannot_be_written_opens_all_the_same(run: RecordedRun) -> None:
    (run.path / layout.CURVES).mkdir()
    assert opened(run) == from_events(run)
    assert {path.name for path in run.path.iterdir() if path.name.startswith(layout.CURVES)} == {layout.CURVES}


def test_what_is_not_written_as_usual_is_read_all_the_same(run: RecordedRun) -> None:
    odd = (
        '{"type": "step_logged", "t": 1781000500.5, "step": 201, "epoch": 1.2, "metrics": {"loss": "NaN", "other": 1}}',
        '{"type": "step_logged", "t": 1781000501.5, "step": 202, "epoch": 1.2, "metrics": {"loss": "-Infinity"}}',
        '{"type": "step_logged", "t": 1781000502.5, "step": 203, "epoch": 1.2, "metrics": {}}',
        '{"type": "step_logged", "t": 1781000503, "step": 204, "metrics": {"loss": 0.5}}',
        '{"type": "step_logged", "t": 1781000504.5, "metrics": {"loss": 0.25}}',
        '{"type": "step_logged", "t": 1781000505.5, "step": 206}',
        "half a line",
        '{"type": "step_logged", "t": 1781000507.5, "step": 207, "epoch": 1.2, "metrics": {"loss": "NaN", "other": 1}}',
    )
    with (run.path / layout.EVENTS).open("a") as stream:
        stream.write("\n".join(odd) + "\n")
    found = History(run.path)
    found.replay()
    values = list(found.state.series["loss"].values)[-5:]
    assert str(values) == "[nan, -inf, 0.5, 0.25, nan]"
    assert list(found.state.series["other"].steps) == [201, 207]
    assert len(found.reader.skipped) == 2
    assert str(opened(run)) == str(from_events(run)), "as text: a NaN equals no NaN"


def test_a_run_that_trains_leaves_a_short_cut_now_and_then(run: RecordedRun) -> None:
    size = (run.path / layout.EVENTS).stat().st_size
    assert history.shorten(run.path, worth=size + 1) == 0
    assert not (run.path / layout.CURVES).exists()
    assert history.shorten(run.path, worth=size) == size
    assert opened(run) == from_events(run)
    run.train(10)
    assert history.shorten(run.path, size, worth=10**6) == size
    assert history.shorten(run.path / "gone") == 0


def test_a_short_run_leaves_none(run: RecordedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "WORTH_SAVING", 2**20)
    opened(run)
    assert not (run.path / layout.CURVES).exists()


def test_whoever_waits_is_told_how_far_the_reading_is(run: RecordedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    read = RunReader.read_plain
    monkeypatch.setattr(RunReader, "read_plain", lambda self: read(self, 20_000))
    shares: list[float] = []
    History(run.path).replay(shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1
