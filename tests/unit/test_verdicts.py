"""One verdict at a time, from the data as they are: runs of real people, and what is said of them while they train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.runs.folder import RunFolder
from core.runs.picture import Withdrawn
from core.runs.series import Series
from core.runs.state import RunState
from core.training.advisor import GONE_AFTER, Advisor, Seen
from core.training.diagnosis import VERDICTS, diagnose
from tui.shell.show import show

STAIRS = [
    0.6582, 0.6587, 0.652, 0.658, 0.654, 0.662, 0.6123, 0.6612, 0.6181, 0.6017, 0.5984, 0.5857, 0.5848, 0.5994, 0.6381,
    0.6157, 0.6243, 0.6351, 0.6167, 0.6439, 0.5819, 0.5812, 0.6484, 0.5463, 0.585, 0.5561, 0.5612, 0.5537, 0.5238,
    0.5677, 0.51, 0.5537, 0.5457, 0.548, 0.5756, 0.5907, 0.5454, 0.607, 0.5783, 0.4897, 0.6057, 0.5047, 0.5278, 0.5474,
    0.6229, 0.5634, 0.4975, 0.5072, 0.4897, 0.4951, 0.3567, 0.5058, 0.4136, 0.4319, 0.5066, 0.5065, 0.4712, 0.4697,
    0.5147, 0.4469, 0.4421, 0.3921, 0.4825, 0.3997, 0.4441, 0.4951, 0.4167, 0.5092, 0.4102,
]  # fmt: skip
"""MRPC with bert-tiny, three epochs of 230 steps, every tenth: it falls in stairs, and is noisier than it falls."""
STAIRS_EVALUATED = {153: 0.6173, 230: 0.6052, 460: 0.6031, 690: 0.6276}
STILL = [
    0.6724, 0.6549, 0.6931, 0.6569, 0.6691, 0.706, 0.68, 0.6652, 0.6708, 0.6708, 0.6181, 0.6858, 0.6916, 0.6783, 0.6793,
    0.6755, 0.7152, 0.6379, 0.703, 0.6444, 0.6637, 0.6501, 0.6892, 0.6768, 0.6835, 0.6827, 0.6935, 0.6686, 0.6784,
    0.6943,
]  # fmt: skip
"""The same at a thousandth of the rate, every second step: it ends higher than it began."""
STILL_EVALUATED = {15: 0.66476, 30: 0.66471, 45: 0.66466, 60: 0.66462}
WILD = [1.868e4, 1.637e4, 1.466e4, 3.767e4, 1.177e4, 8011.0, 6851.0, 9121.0, 1.821e4, 3.316e4]
"""At a rate of 1000, every fifth step."""


def logged(losses: Sequence[float], every: int, evaluated: Mapping[int, float] | None = None) -> list[dict[str, float]]:
    """The Trainer's log of a run."""
    entries = [{"step": every * (at + 1), "loss": loss, "learning_rate": 1e-7} for at, loss in enumerate(losses)]
    scores = [{"step": step, "eval_loss": loss, "eval_accuracy": 0.68} for step, loss in (evaluated or {}).items()]
    return sorted([*entries, *scores], key=lambda entry: entry["step"])


def looks(log: Sequence[Mapping[str, Any]], total: int, cross_entropy: bool | None = None) -> list[tuple[int, Seen]]:
    """What is said at each entry, were it looked at."""
    advisor = Advisor(cross_entropy)
    return [(int(entry["step"]), advisor.look(log[: at + 1], total, at_once=True)) for at, entry in enumerate(log)]


def said(seen: Sequence[tuple[int, Seen]]) -> list[tuple[int, str]]:
    return [(step, finding.kind) for step, look in seen for finding in look.new]


def series(log: Sequence[Mapping[str, float]]) -> dict[str, Series]:
    found: dict[str, Series] = {}
    for entry in log:
        for name, value in entry.items():
            if name != "step":
                found.setdefault(name, Series()).append(int(entry["step"]), 0.0, 0.0, value)
    return found


def test_a_loss_that_falls_in_stairs_is_learning_until_evaluation_turns() -> None:
    seen = looks(logged(STAIRS, 10, STAIRS_EVALUATED), 690)
    assert said(seen) == [(240, "learning"), (690, "overfitting")]
    assert [(step, look.gone) for step, look in seen if look.gone] == [(690, ["learning"])]


def test_the_figures_of_a_verdict_are_current() -> None:
    """What stands is what the curves show, with figures that are a fiftieth of the run old at most."""
    log = logged(STAIRS, 10, STAIRS_EVALUATED)
    words, at = "", 0
    for read, (step, look) in enumerate(looks(log, 690), 1):
        for finding in (*look.new, *look.again):
            words, at = finding.sentence, step
        shown = [finding.sentence for finding in diagnose(series(log[:read]), 690)]
        assert shown == [words] or (step - at < 0.02 * 690 and step < 690) or not shown
    assert words.startswith("overfitting")


def test_overfitting_is_seen_at_four_evaluations() -> None:
    (finding,) = [one for one in diagnose(series(logged(STAIRS, 10, STAIRS_EVALUATED))) if one.kind in VERDICTS]
    assert (finding.kind, finding.step) == ("overfitting", 460)
    assert "rose from 0.603 at step 460 to 0.628 (4.1 %), while the training loss fell" in finding.message


def test_an_evaluation_that_rose_as_far_before_is_no_overfitting() -> None:
    jumpy = {100: 0.615, 153: 0.645, 230: 0.6052, 460: 0.6031, 690: 0.6276}
    assert "overfitting" not in [one.kind for one in diagnose(series(logged(STAIRS, 10, jumpy)))]


def test_a_loss_that_did_not_fall_has_not_fallen() -> None:
    seen = looks(logged(STILL, 2, STILL_EVALUATED), 120)
    assert said(seen) == [(60, "rate_too_low")]
    risen = [0.672 + 0.0005 * at + 0.01 * (at % 2) for at in range(60)]
    (finding,) = diagnose(series([{"step": at, "loss": loss} for at, loss in enumerate(risen, 1)]), 60)
    assert (finding.kind, finding.message.split(":")[0]) == ("underfitting", "the training loss did not fall")
    assert diagnose(series([{"step": at, "loss": loss} for at, loss in enumerate(risen[:30], 1)]), 60) == []


def test_a_loss_beyond_any_guess_is_said_at_its_first_point() -> None:
    log, advisor = logged(WILD, 5), Advisor(cross_entropy=True, now=lambda: 0.0)
    (finding,) = advisor.look(log[:1], 150).new
    assert (finding.kind, finding.step) == ("rate_too_high", 5)
    assert [one for at in range(2, 11) for one in advisor.look(log[:at], 150).new] == []


@pytest.mark.parametrize(("before", "kind"), [(6, "rate_too_high"), (60, "diverging")])
def test_a_loss_a_hundred_times_its_start_is_said_at_once(before: int, kind: str) -> None:
    """Of whatever kind the loss is: no evaluation has to come, and no seconds to pass."""
    advisor = Advisor(now=lambda: 0.0)
    log = logged([3000.0 - 10 * (at % 3) for at in range(before)], 1)
    assert advisor.look(log, 100) == Seen()
    log += [{"step": before + 1, "loss": 350_000.0}]
    (finding,) = advisor.look(log, 100).new
    assert (finding.kind, finding.step) == (kind, before + 1)


def advice(kind: str, step: int, message: str = "m", again: bool = False) -> events.Advice:
    return events.Advice(t=1.0, step=step, kind=kind, message=message, since=step, again=again)


def folded(*given: events.Event) -> RunState:
    state = RunState()
    for event in given:
        state.apply(event)
    return state


def test_what_is_withdrawn_stands_no_longer() -> None:
    first, newer = advice("learning", 240, "12 %"), advice("learning", 300, "16 %", again=True)
    gone = events.AdviceWithdrawn(t=1.0, step=690, kind="learning", message="no longer: learning")
    second = advice("overfitting", 690)
    state = folded(first, newer, gone, second)
    assert [*state.advice.values()] == [second]
    (taken_back,) = state.withdrawn
    assert (taken_back.said.step, taken_back.said.message, taken_back.step) == (240, "16 %", 690)
    assert [text for _, _, text in state.log] == ["12 %", "no longer: learning", "m"]


def test_a_resumed_run_goes_on_with_what_stood_at_its_checkpoint() -> None:
    gone = events.AdviceWithdrawn(t=1.0, step=300, kind="spike", message="no longer: spike")
    resumed = events.RunStarted(
        t=2.0, run="r", name="r", task="t", model="m", method="full", engine="trainer", resumed_from=503
    )
    spike, learning = advice("spike", 100), advice("learning", 240)
    replaced = events.AdviceWithdrawn(t=1.0, step=560, kind="learning", message="no longer: learning")
    lost = advice("overfitting", 560)
    state = folded(spike, gone, learning, replaced, lost, resumed)
    assert [*state.advice.values()] == [learning], "at step 503 it had not been withdrawn yet"
    assert state.withdrawn == [Withdrawn(spike, 300)]


def test_a_resumed_run_does_not_say_again_what_stands() -> None:
    log = logged(STAIRS, 10, STAIRS_EVALUATED)
    stood = [advice("learning", 240, "learning: as it was"), advice("spike", 100), advice("of another version", 100)]
    advisor = Advisor()
    advisor.carry_on(stood)
    first = advisor.look([entry for entry in log if entry["step"] <= 503], 690, at_once=True)
    assert (first.new, [one.kind for one in first.again], first.gone) == ([], ["learning"], [])
    later = [advisor.look(log, 690, at_once=True) for _ in range(GONE_AFTER)]
    assert [one.kind for look in later for one in look.new] == ["overfitting"]
    assert [kind for look in later for kind in look.gone] == ["learning", "spike"]


def test_show_has_one_verdict_and_what_was_withdrawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = {"name": "r", "model": {"id": "a/b"}, "data": {"id": "c/d"}}
    folder = RunFolder.create(tmp_path, config_file.validate(data))
    for entry in logged(STAIRS, 10, STAIRS_EVALUATED):
        step, metrics = int(entry["step"]), {name: value for name, value in entry.items() if name != "step"}
        kind = events.Evaluated if "eval_loss" in metrics else events.StepLogged
        folder.emit(kind(t=1.0, step=step, metrics=metrics))
    folder.emit(advice("learning", 240, "learning: it fell"))
    folder.emit(events.AdviceWithdrawn(t=1.0, step=690, kind="learning", message="no longer: learning"))
    folder.emit(advice("overfitting", 690, "overfitting: it rose"))
    folder.emit(events.RunFinished(t=2.0, step=690, reason="completed", run=str(folder.path), metrics={}))
    folder.close()
    show(None, tmp_path, False)
    out = capsys.readouterr().out
    assert out.count("overfitting") == 1
    assert "! overfitting: the evaluation loss rose" in out
    assert "    → stop early" in out
    assert "step 240: learning: it fell (withdrawn at step 690)" in out
    assert "go on" not in out


def test_show_says_that_a_run_ended_on_nan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = {"name": "r", "model": {"id": "a/b"}, "data": {"id": "c/d"}}
    folder = RunFolder.create(tmp_path, config_file.validate(data))
    folder.emit(advice("nan", 2, "NaN: the loss is NaN since step 2"))
    folder.emit(events.StepLogged(t=1.0, step=5, metrics={"loss": float("nan")}))
    folder.emit(events.RunFinished(t=2.0, step=5, reason="completed", run=str(folder.path), metrics={}))
    folder.close()
    show(None, tmp_path, False)
    out = capsys.readouterr().out
    assert "completed, but the loss is NaN since step 2" in out
    assert "✗ NaN: the loss is NaN since step 2" in out
    assert "since step 5" not in out
