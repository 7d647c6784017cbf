"""What a run says of its machine and its time; a stop that does not wait; a loss that is no number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers.utils import logging

from core import events, models
from core.config import RunConfig
from core.errors import RunStopped
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training import engine, prepare
from core.training.between_weights import between_weights

Config = Callable[..., RunConfig]
Folder = Callable[[RunConfig], RunFolder]


def said(folder: RunFolder, kind: type[events.Event]) -> list[Any]:
    return [event for event in RunReader(folder.path).read_all() if isinstance(event, kind)]


def test_time_tokens_and_peaks_are_in_the_events(mrpc: Config, new_folder: Folder) -> None:
    config = mrpc(max_steps=4, logging_steps=2, eval_strategy="steps", eval_steps=2, save_steps=2)
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    spent = said(folder, events.TimeSpent)[-1].seconds
    assert all(spent[name] > 0 for name in ("data", "training", "evaluation", "checkpoints", "other"))
    assert sum(spent.values()) < outcome.seconds
    assert "paused" not in spent
    steps = said(folder, events.StepLogged)
    assert [logged.step for logged in steps] == [2, 4]
    for logged in steps:
        rows, tokens = (logged.metrics[f"{name}_per_second"] for name in ("samples", "tokens"))
        assert 10 < tokens / rows < 128, "a pair of sentences is longer than ten tokens and shorter than the padding"
    read = said(folder, events.HardwareRead)[-1]
    assert read.process_memory_peak >= read.process_memory > 0
    assert read.gpu_memory_peaks == []
    after = [event for event in said(folder, events.Progress) if event.phase == "training" and event.done == 2][-1]
    assert after.eta > (4 - 2) / after.rate, "the evaluation and the checkpoint that are to come count, too"


@pytest.mark.parametrize("stop", [True, False])
def test_a_loss_that_is_no_number_is_said_before_the_next_log(mrpc: Config, new_folder: Folder, stop: bool) -> None:
    config = mrpc({"stop_on_nan": stop}, max_steps=8, logging_steps=8, learning_rate=1e30, max_grad_norm=0)
    folder = new_folder(config)
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    (advice,) = said(folder, events.Advice)
    assert advice.kind == "nan"
    assert advice.hint
    assert advice.step < 8
    assert (outcome.reason, outcome.step) == (("stopped", advice.step) if stop else ("completed", 8))


def test_tokenizing_looks_up_every_hundred_rows(mrpc: Config, tmp_path: Path) -> None:
    checked = prepare.check(mrpc())
    seen: list[int] = []
    whole = prepare.encode(checked, checked.train, tmp_path, seen.append)
    assert seen == [100, 200, 300]
    expected = checked.task.encode(checked.train[:], checked.tokenizer, 128)
    assert whole["input_ids"] == expected["input_ids"]

    def stop(done: int) -> None:
        raise RunStopped

    with pytest.raises(RunStopped):
        prepare.encode(checked, checked.train, tmp_path, stop)


def test_loading_can_be_broken_off_between_two_weights(mrpc: Config) -> None:
    checked = prepare.check(mrpc())
    seen: list[tuple[int, int]] = []

    def look(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 3:
            raise RunStopped

    def load() -> None:
        models.load_model(checked.config.model, checked.task, checked.tokenizer, checked.precision)

    with pytest.raises(RunStopped), between_weights(look):
        load()
    total = seen[0][1]
    assert seen == [(done, total) for done in range(4)]
    assert total > 4
    assert logging.set_tqdm_hook(None) is None, "nothing is left behind"
    load()
    assert len(seen) == 4
