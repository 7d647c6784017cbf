"""Where the time of a training goes, how fast it is, and how long the rest takes."""

from __future__ import annotations

import pytest
import torch

from core import events
from core.runs.state import RunState
from core.training.clock import StepClock
from core.training.throughput import Throughput
from core.training.time_shares import TimeShares
from tests.unit.test_training_parts import Watch
from tui import machine_words


def test_every_second_counts_once() -> None:
    watch = Watch()
    times = TimeShares(watch)
    watch.seconds += 1
    with times.during("training"):
        watch.seconds += 2
        with times.during("data"):
            watch.seconds += 4
        watch.seconds += 8
        with times.during("evaluation"), times.during("sampling"):
            watch.seconds += 16
    watch.seconds += 32
    assert times.seconds() == {"other": 33, "training": 10, "data": 4, "evaluation": 0, "sampling": 16}
    assert times.of_steps() == 47


def test_an_activity_that_raises_is_left() -> None:
    watch = Watch()
    times = TimeShares(watch)
    with pytest.raises(ValueError, match="broken off"), times.during("evaluation"):
        raise ValueError("broken off")
    watch.seconds += 5
    assert times.seconds()["other"] == 5


def test_tokens_are_those_that_are_not_padding() -> None:
    throughput = Throughput()
    throughput.begin(10.0)
    ids = torch.ones(2, 4, dtype=torch.int64)
    throughput.add([{"input_ids": ids, "attention_mask": torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0]])}])
    throughput.add([{"input_ids": ids}])
    assert throughput.take(12.0) == {"samples_per_second": 2.0, "tokens_per_second": 6.0}
    assert throughput.take(13.0) == {}, "nothing was counted: it is absent, not zero"


def test_rows_without_tokens_have_no_tokens_a_second() -> None:
    throughput = Throughput()
    throughput.add([{"pixel_values": torch.zeros(2, 3)}])
    assert throughput.take(1.0) == {}


def test_the_time_left_counts_the_evaluations_and_checkpoints_to_come() -> None:
    watch = Watch()
    clock = StepClock(watch)
    for step in range(11):
        clock.mark(step)
        watch.seconds += 2.0
    watch.seconds += 28.0
    clock.skip("evaluation")
    watch.seconds += 5.0
    clock.skip("checkpoint")
    assert clock.eta(40) == pytest.approx(60.0)
    assert clock.eta(40, {"evaluation": 10, "checkpoint": 20}) == pytest.approx(60 + 3 * 30 + 2 * 5)
    assert clock.eta(40, {"sampling": 10}) == pytest.approx(60.0), "it was never done: nobody knows how long it takes"


def started(resumed_from: int | None = None) -> events.RunStarted:
    return events.RunStarted(
        t=1, run="r", name="n", task="t", model="m", method="full", engine="trainer", resumed_from=resumed_from
    )


def test_a_resumed_run_adds_to_the_time_it_has_spent() -> None:
    state = RunState()
    state.apply(started())
    for seconds in (1.0, 3.0):
        state.apply(events.TimeSpent(t=2, seconds={"training": seconds, "data": 1.0}))
    state.apply(started(resumed_from=5))
    state.apply(events.TimeSpent(t=3, seconds={"training": 4.0, "evaluation": 2.0}))
    assert state.time_spent == {"training": 7.0, "data": 1.0, "evaluation": 2.0}
    assert machine_words.shares_text(state.time_spent) == "forward/backward 70 %, data 10 %, eval 20 %"


def test_what_a_gpu_does_not_tell_is_absent() -> None:
    assert machine_words.device({"memory_used": 2**30, "name": "Fake GPU"}) == "1.0 GiB   Fake GPU"
    assert machine_words.shares_text({}) == ""
