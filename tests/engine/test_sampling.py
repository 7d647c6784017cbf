"""What the model under training answers: the same losses with and without, and what a person can ask for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import commands, config_file, events
from core.config import RunConfig
from core.demo import sums
from core.runs.folder import RunFolder, tell
from core.runs.reader import RunReader
from core.tasks.sequence_classification import SequenceClassification
from core.training import engine
from tests.engine.test_steering import LiveRun

NewFolder = Callable[[RunConfig], RunFolder]


def said(folder: RunFolder, kind: type[events.Event]) -> list[Any]:
    return [event for event in RunReader(folder.path).read_all() if isinstance(event, kind)]


@pytest.fixture
def small_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunConfig]:
    """A Llama of one layer on the demo's sums."""

    def make(samples: dict[str, Any], **training: Any) -> RunConfig:
        data = sums.prepare(tmp_path).model_dump(exclude_unset=True)
        data["model"]["from_config"] |= {"num_hidden_layers": 1, "hidden_size": 32, "intermediate_size": 32}
        data["data"]["limit"] = {"train": 64, "validation": 8}
        data["training"] |= {"per_device_train_batch_size": 4, "logging_steps": 1, "max_steps": 4, **training}
        return config_file.validate({**data, "samples": samples})

    return make


def test_losses_are_those_of_a_run_without_samples(mrpc: Any, new_folder: NewFolder) -> None:
    losses = []
    for samples in ({"rows": 0}, {"rows": 3, "texts": [["a cat", "a dog"]]}):
        folder = new_folder(config := mrpc({"samples": samples}, max_steps=6, eval_strategy="steps", eval_steps=2))
        assert isinstance(engine.run(config, folder), events.RunFinished)
        losses.append([event.metrics["loss"] for event in said(folder, events.StepLogged) if "loss" in event.metrics])
    assert losses[0] == losses[1]

    asked = said(folder, events.Sampled)
    assert [event.step for event in asked] == [0, 2, 4, 6]
    for event in asked:
        assert [bool(sample.get("expected")) for sample in event.samples] == [True, True, True, False]
        assert all(sample["correct"] == (sample["answer"] == sample["expected"]) for sample in event.samples[:3])
        assert all(0.5 <= sample["probability"] <= 1 for sample in event.samples)
        assert (event.samples[3]["input"], event.samples[3]["pair"]) == ("a cat", "a dog")


def test_a_causal_lm_writes_a_bounded_answer(small_sums: Any, new_folder: NewFolder) -> None:
    config = small_sums({"rows": 2, "texts": ["1 + 1 ="], "max_new_tokens": 3}, eval_strategy="steps", eval_steps=2)
    folder = new_folder(config)
    assert isinstance(engine.run(config, folder), events.RunFinished)
    asked = said(folder, events.Sampled)
    assert [len(event.samples) for event in asked] == [3, 3, 3]
    assert asked[0].samples[2]["input"] == "1 + 1 ="
    assert all(len(sample["answer"]) <= 3 for event in asked for sample in event.samples)
    assert [sample["input"] for sample in asked[0].samples] == [sample["input"] for sample in asked[1].samples]


def test_what_was_typed_is_asked_while_paused_and_from_then_on(small_sums: Any, new_folder: NewFolder) -> None:
    config = small_sums({"rows": 1}, max_steps=100_000, eval_strategy="no", save_strategy="no")
    run = LiveRun(config, new_folder(config))
    run.thread.start()
    try:
        run.wait_for(events.StepLogged)
        run.tell(commands.Pause())
        paused = run.wait_for(events.Progress, lambda event: event.paused)
        run.tell(commands.Sample("2 + 3 ="))
        assert run.wait_for(events.CommandTaken).command == commands.to_dict(commands.Sample("2 + 3 ="))
        asked = run.wait_for(events.Sampled)
        assert asked.step == paused.done
        assert asked.samples[-1]["input"] == "2 + 3 ="
        assert run.wait_for(events.Progress).paused
        run.tell(commands.Resume())
        run.tell(commands.Sample())
        assert [sample["input"] for sample in run.wait_for(events.Sampled).samples][1:] == ["2 + 3 ="]
    finally:
        run.tell(commands.Stop())
        run.thread.join()


def test_stop_breaks_off_an_answer_before_the_first_step(small_sums: Any, new_folder: NewFolder) -> None:
    config = small_sums({"rows": 8, "max_new_tokens": 1000}, max_steps=100_000, eval_strategy="no", save_strategy="no")
    # No end token comes to mind, and there is room: an answer takes a thousand steps.
    config.model.from_config.update(max_position_embeddings=2000, eos_token_id=None)  # type: ignore[union-attr]
    run = LiveRun(config, new_folder(config))
    run.thread.start()
    run.wait_for(events.PhaseChanged, lambda event: event.phase == "sampling")
    run.tell(commands.Stop())
    finished = run.wait_for(events.RunFinished)
    run.thread.join()
    assert (finished.reason, finished.step) == ("stopped", 1)
    assert not any(isinstance(event, events.Sampled) for event in run.said)


def test_what_was_typed_is_asked_again_after_a_resume(small_sums: Any, new_folder: NewFolder) -> None:
    config = small_sums({"rows": 1}, max_steps=4, eval_strategy="no", save_strategy="steps", save_steps=2)
    folder = new_folder(config)
    tell(folder.path, commands.Sample("2 + 3 ="))
    assert isinstance(engine.run(config, folder), events.RunFinished)
    shutil.rmtree(folder.checkpoints / "checkpoint-4")
    assert isinstance(engine.run(config, RunFolder(folder.path), resume=True), events.RunFinished)
    asked = said(folder, events.Sampled)
    assert [(event.step, len(event.samples)) for event in asked][-1] == (4, 2)
    assert asked[-1].samples[1]["input"] == "2 + 3 ="
    assert sum(event.step == 0 for event in asked) == 1, "a run has one beginning"


def test_samples_that_fail_end_with_a_notice_and_not_the_run(
    mrpc: Any, new_folder: NewFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("no such kernel\nmore")

    monkeypatch.setattr(SequenceClassification, "answers", fails)
    config = mrpc(max_steps=4, eval_strategy="steps", eval_steps=2)
    folder = new_folder(config)
    assert isinstance(engine.run(config, folder), events.RunFinished)
    warnings = [event.message for event in said(folder, events.Notice) if event.level == "warning"]
    assert warnings.count("samples failed and are off from now on: no such kernel") == 1
    assert not said(folder, events.Sampled)
