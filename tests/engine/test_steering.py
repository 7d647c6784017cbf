"""A run that is told what to do while it runs, and one that goes on where it was stopped."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core import commands, config_file, events
from core.config import RunConfig
from core.runs import layout
from core.runs.folder import RunFolder, tell
from core.runs.history import History
from core.runs.reader import RunReader
from core.training import engine, prepare

PATIENCE = 120.0
"""Seconds after which something that should happen counts as not happening."""


class LiveRun:
    """A run in a thread, and everything it has said so far."""

    def __init__(self, config: RunConfig, folder: RunFolder) -> None:
        self.path = folder.path
        self.said: list[events.Event] = []
        self._arrived: Iterator[events.Event] = iter(())
        self._reader = RunReader(folder.path)
        self.thread = threading.Thread(target=engine.run, args=(config, folder))

    def tell(self, command: commands.Command) -> None:
        tell(self.path, command)

    def wait_for(self, kind: type[events.Event], fits: Callable[[Any], bool] = lambda event: True) -> Any:
        """The first event from now on that fits."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for event in self._arrived:
                self.said.append(event)
                if isinstance(event, kind) and fits(event):
                    return event
            time.sleep(0.02)
            self._arrived = iter(self._reader.read())
        raise AssertionError(f"no {kind.__name__} came; the last was {self.said[-1:]}")


@pytest.fixture
def live(mrpc: Any, new_folder: Any) -> Callable[..., Any]:
    """Starts a long run, waits until it trains, and stops it at the end."""

    @contextmanager
    def start(sections: dict[str, Any] | None = None, **training: Any) -> Iterator[LiveRun]:
        config = mrpc(
            sections, **{"max_steps": 3000, "save_strategy": "no", "lr_scheduler_type": "constant", **training}
        )
        run = LiveRun(config, new_folder(config))
        run.thread.start()
        try:
            run.wait_for(events.StepLogged)
            yield run
        finally:
            run.tell(commands.Stop())
            run.thread.join(PATIENCE)
            assert not run.thread.is_alive()

    return start


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_every_command_is_carried_out_and_said(which: str, live: Any) -> None:
    with live({"engine": which}) as run:
        run.tell(commands.Save())
        saved = run.wait_for(events.CheckpointSaved)
        assert (run.path / saved.path / "trainer_state.json").is_file()

        run.tell(commands.Evaluate())
        assert "eval_f1" in run.wait_for(events.Evaluated).metrics

        run.tell(commands.SetLearningRate(1e-6))
        taken = run.wait_for(events.CommandTaken, lambda event: event.command["command"] == "set_learning_rate")
        logged = run.wait_for(events.StepLogged, lambda event: event.step > taken.step)
        assert logged.metrics["learning_rate"] == pytest.approx(1e-6)

        run.tell(commands.ScaleLearningRate(0.5))
        taken = run.wait_for(events.CommandTaken, lambda event: event.command["command"] == "scale_learning_rate")
        assert (taken.before, taken.after) == pytest.approx((1e-6, 5e-7))
        logged = run.wait_for(events.StepLogged, lambda event: event.step > taken.step)
        assert logged.metrics["learning_rate"] == pytest.approx(5e-7)

        run.tell(commands.Stop())
        finished = run.wait_for(events.RunFinished)
        assert finished.reason == "stopped"
        assert finished.step < 3000
        assert (run.path / layout.CHECKPOINTS / f"checkpoint-{finished.step}" / "trainer_state.json").is_file()
        assert (run.path / layout.MODEL / "config.json").is_file()
    told = [event.command["command"] for event in run.said if isinstance(event, events.CommandTaken)]
    assert told == ["save", "evaluate", "set_learning_rate", "scale_learning_rate", "stop"]


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_a_paused_run_stands_still_and_still_saves_and_evaluates(which: str, live: Any) -> None:
    with live({"engine": which}) as run:
        run.tell(commands.Pause())
        paused = run.wait_for(events.Progress, lambda event: event.paused)
        run.tell(commands.Save())
        assert run.wait_for(events.CheckpointSaved).step == paused.done
        run.tell(commands.Evaluate())
        assert run.wait_for(events.Evaluated).step == paused.done
        run.tell(commands.Resume())
        going = run.wait_for(events.Progress, lambda event: event.phase == "training" and not event.paused)
        assert going.done == paused.done
        run.wait_for(events.StepLogged, lambda event: event.step > paused.done)


def test_stop_while_paused_ends_the_run(live: Any) -> None:
    with live() as run:
        run.tell(commands.Pause())
        paused = run.wait_for(events.Progress, lambda event: event.paused)
        run.tell(commands.Stop())
        assert run.wait_for(events.RunFinished).step == paused.done


@pytest.fixture
def long_evaluation(shared: Path) -> dict[str, Any]:
    """Evaluates on many rows: with one a batch that takes seconds, where a step takes milliseconds."""
    files = {split: str(shared / "data/mrpc/train.jsonl") for split in ("train", "validation")}
    return {"data": {"files": files, "limit": {"train": 300, "validation": 1000}, "max_length": 128}}


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_stop_breaks_off_an_evaluation_and_saves(which: str, live: Any, long_evaluation: dict[str, Any]) -> None:
    training = {"per_device_eval_batch_size": 1, "metric_for_best_model": "loss"}
    with live({**long_evaluation, "engine": which}, eval_strategy="steps", eval_steps=3, **training) as run:
        run.wait_for(events.Progress, lambda event: event.phase == "evaluating")
        run.tell(commands.Stop())
        finished = run.wait_for(events.RunFinished)
        assert finished.reason == "stopped"
        assert finished.metrics == {}
        assert (run.path / layout.CHECKPOINTS / f"checkpoint-{finished.step}" / "trainer_state.json").is_file()
    assert not any(isinstance(event, events.Evaluated) for event in run.said)


def test_stop_breaks_off_an_evaluation_of_a_paused_run(live: Any, long_evaluation: dict[str, Any]) -> None:
    with live(long_evaluation, per_device_eval_batch_size=1) as run:
        run.tell(commands.Pause())
        paused = run.wait_for(events.Progress, lambda event: event.paused)
        run.tell(commands.Evaluate())
        run.wait_for(events.Progress, lambda event: event.phase == "evaluating")
        run.tell(commands.Stop())
        finished = run.wait_for(events.RunFinished)
        assert (finished.reason, finished.step, finished.metrics) == ("stopped", paused.done, {})
        assert (run.path / layout.CHECKPOINTS / f"checkpoint-{finished.step}" / "trainer_state.json").is_file()


def test_stop_in_an_epoch_does_not_evaluate_what_the_epoch_would(live: Any, long_evaluation: dict[str, Any]) -> None:
    with live(long_evaluation, eval_strategy="epoch", per_device_train_batch_size=1) as run:
        run.tell(commands.Stop())
        finished = run.wait_for(events.RunFinished)
        assert finished.step < 300
        assert finished.metrics == {}
        assert not any(isinstance(event, events.Evaluated) for event in run.said)


@pytest.mark.parametrize("which", ["trainer", "loop"])
def test_an_evaluation_is_paused_and_says_what_waits_for_its_end(
    which: str, live: Any, long_evaluation: dict[str, Any]
) -> None:
    sections = {**long_evaluation, "engine": which}
    with live(sections, eval_strategy="steps", eval_steps=3, per_device_eval_batch_size=1) as run:
        run.wait_for(events.Progress, lambda event: event.phase == "evaluating")
        run.tell(commands.SetLearningRate(1e-6))
        changed = run.wait_for(events.CommandTaken)
        assert changed.before is not None
        assert changed.before > 1e-6
        run.tell(commands.Pause())
        paused = run.wait_for(events.Progress, lambda event: event.paused)
        assert paused.phase == "evaluating"
        run.tell(commands.Save())
        deferred = run.wait_for(events.CommandDeferred)
        assert (deferred.command, deferred.until) == ({"command": "save"}, "after the evaluation")
        run.tell(commands.Resume())
        going = run.wait_for(events.Progress)
        assert (going.phase, going.done, going.paused) == ("evaluating", paused.done, False)
        evaluated = run.wait_for(events.Evaluated)
        saved = run.wait_for(events.CheckpointSaved)
        assert saved.step == evaluated.step + 1
        logged = run.wait_for(events.StepLogged)
        assert logged.metrics["learning_rate"] == pytest.approx(1e-6)


def test_what_a_stopped_run_cannot_do_any_more_is_said(live: Any, long_evaluation: dict[str, Any]) -> None:
    with live(long_evaluation, eval_strategy="steps", eval_steps=3, per_device_eval_batch_size=1) as run:
        run.wait_for(events.Progress, lambda event: event.phase == "evaluating")
        for command in (commands.Save(), commands.Evaluate(), commands.Stop()):
            run.tell(command)
        run.wait_for(events.RunFinished)
    dropped = [event.command["command"] for event in run.said if isinstance(event, events.CommandDropped)]
    taken = [event.command["command"] for event in run.said if isinstance(event, events.CommandTaken)]
    assert (dropped, taken) == (["evaluate"], ["save", "stop"])


def test_the_last_progress_of_a_stopped_run_is_the_step_that_it_saved(live: Any) -> None:
    with live() as run:
        run.tell(commands.Stop())
        finished = run.wait_for(events.RunFinished)
    last = [event for event in run.said if isinstance(event, events.Progress) and event.phase == "training"][-1]
    assert last.done == finished.step


def test_what_is_told_before_training_waits_for_the_first_step(mrpc: Any, new_folder: Any) -> None:
    config = mrpc(max_steps=2, save_strategy="no")
    folder = new_folder(config)
    tell(folder.path, commands.Save())
    assert isinstance(engine.run(config, folder), events.RunFinished)
    said = RunReader(folder.path).read_all()
    assert [event.until for event in said if isinstance(event, events.CommandDeferred)] == ["when it trains"]
    assert next(event.step for event in said if isinstance(event, events.CheckpointSaved)) == 1


def test_a_run_stops_while_another_thread_imports_the_libraries(mrpc: Any, new_folder: Any) -> None:
    config = mrpc(max_steps=2)
    folder = new_folder(config)

    def never(seconds: float) -> bool:
        said = RunReader(folder.path).read_all()
        if seconds and isinstance(said[-1], events.PhaseChanged):
            tell(folder.path, commands.Save())
            tell(folder.path, commands.Stop())
        return False

    finished = engine.run(config, folder, libraries=never)
    assert isinstance(finished, events.RunFinished)
    assert finished.reason == "stopped"
    said = RunReader(folder.path).read_all()
    assert [event.detail for event in said if isinstance(event, events.PhaseChanged)] == ["libraries"]
    dropped = [event for event in said if isinstance(event, events.CommandDropped)]
    assert [(event.command["command"], event.reason) for event in dropped] == [("save", "the run ended first")]
    assert said[-1] == finished


def test_stop_before_training_leaves_no_model(mrpc: Any, new_folder: Any) -> None:
    config = mrpc(max_steps=5)
    run = LiveRun(config, new_folder(config))
    run.thread.start()
    run.wait_for(events.PhaseChanged)
    run.tell(commands.Stop())
    finished = run.wait_for(events.RunFinished)
    run.thread.join(PATIENCE)
    assert finished.reason == "stopped"
    assert finished.step is None
    assert not (run.path / layout.MODEL).exists()


def losses(path: Path) -> dict[int | None, float]:
    said = RunReader(path).read_all()
    return {event.step: event.metrics["loss"] for event in said if isinstance(event, events.StepLogged)}


def tokens(path: Path) -> float:
    """How many tokens the run had been trained on when it logged last."""
    logged = [event for event in RunReader(path).read_all() if isinstance(event, events.StepLogged)]
    return logged[-1].metrics[events.TOKENS]


def test_a_resumed_run_has_the_losses_of_the_uninterrupted_one(mrpc: Any, new_folder: Any) -> None:
    config = mrpc(num_train_epochs=2, save_strategy="steps", save_steps=5)
    whole = new_folder(config)
    assert isinstance(engine.run(config, whole), events.RunFinished)
    expected = losses(whole.path)
    assert len(expected) == 38
    checked = prepare.check(config)
    rows = checked.task.encode(checked.train[:], checked.tokenizer, 128)["input_ids"]
    assert tokens(whole.path) == 2 * sum(map(len, rows)), "two epochs of every token, and not one pad"

    # Killed in the middle of epoch 1 while it wrote a checkpoint: step 20 is half there, step 15 is complete.
    killed = new_folder(config)
    shutil.copytree(whole.checkpoints / "checkpoint-15", killed.checkpoints / "checkpoint-15")
    shutil.copytree(whole.checkpoints / "checkpoint-20", killed.checkpoints / "checkpoint-20")
    (killed.checkpoints / "checkpoint-20" / "trainer_state.json").unlink()

    again = config_file.load(whole.path / layout.CONFIG).config
    outcome = engine.run(again, killed, resume=True)

    assert isinstance(outcome, events.RunFinished), outcome
    started = RunReader(killed.path).read_all()[0]
    assert isinstance(started, events.RunStarted)
    assert started.resumed_from == 15
    assert losses(killed.path) == {step: loss for step, loss in expected.items() if step is not None and step > 15}
    assert tokens(killed.path) == tokens(whole.path), "what came before the checkpoint counts, too"
    said = RunReader(killed.path).read_all()
    loading = [event.detail for event in said if isinstance(event, events.PhaseChanged) and event.phase == "loading"]
    assert loading == ["bert-tiny-uncased, with the weights of step 15 (checkpoint-15)"]
    assert not any("from scratch" in event.message for event in said if isinstance(event, events.Notice))


def test_a_resumed_run_says_its_advice_once(mrpc: Any, new_folder: Any) -> None:
    """Whose loss was NaN before the checkpoint: that stands, and is no news after it."""
    broken = {"learning_rate": 1e30, "save_strategy": "steps", "save_steps": 4, "per_device_train_batch_size": 4}
    first, on = (mrpc({"stop_on_nan": False}, max_steps=steps, **broken) for steps in (4, 8))
    folder = new_folder(first)
    assert isinstance(engine.run(first, folder), events.RunFinished)
    assert advised(folder.path) == ["nan"]
    assert isinstance(engine.run(on, RunFolder(folder.path), resume=True), events.RunFinished)
    assert advised(folder.path) == ["nan"]
    history = History(folder.path)
    history.replay()
    assert history.state.advice["nan"].step < 4


def advised(path: Path) -> list[str]:
    """The kinds of the advice that was given as new."""
    return [event.kind for event in RunReader(path).read_all() if isinstance(event, events.Advice) and not event.again]


def test_resume_without_a_checkpoint_says_so(mrpc: Any, new_folder: Any) -> None:
    config = mrpc()
    outcome = engine.run(config, new_folder(config), resume=True)
    assert isinstance(outcome, events.RunFailed)
    assert (outcome.exit_code, outcome.title) == (2, "there is no checkpoint to resume from")
