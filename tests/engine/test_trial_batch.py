"""The trial of the longest batch: it finds that memory is short, and it changes nothing of the run."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import Trainer

from core import events
from core.runs.reader import RunReader
from core.training import engine, preflight
from core.training.preflight import trial


class FakeOutOfMemory:
    """A GPU whose memory is full: there is none here."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def training_step(*args: Any, **kwargs: Any) -> Any:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

        monkeypatch.setattr(Trainer, "training_step", training_step)


def losses(config: Any, folder: Any) -> list[float]:
    outcome = engine.run(config, folder)
    assert isinstance(outcome, events.RunFinished), outcome
    logged = [event for event in RunReader(folder.path).read_all() if isinstance(event, events.StepLogged)]
    return [event.metrics["loss"] for event in logged]


@pytest.mark.parametrize("method", [{"kind": "full"}, {"kind": "lora", "lora_dropout": 0.1}], ids=["full", "lora"])
def test_it_does_not_change_the_losses(
    method: dict[str, Any], mrpc: Any, new_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model has dropout of 0.1: one random number too many shows in the next loss."""
    ran: list[trial.Trial] = []
    run = trial.run

    def counted(*args: Any, **kwargs: Any) -> trial.Trial:
        ran.append(run(*args, **kwargs))
        return ran[-1]

    monkeypatch.setattr(trial, "run", counted)
    without = mrpc({"method": method}, max_steps=6, eval_strategy="no", save_strategy="no")
    plain = losses(without, new_folder(without))
    assert not ran
    tried = without.model_copy(update={"trial_batch": True})
    assert losses(tried, new_folder(tried)) == plain
    assert len(ran) == 1


def test_a_start_without_enough_memory_trains_nothing(
    mrpc: Any, new_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeOutOfMemory(monkeypatch)
    config = mrpc({"trial_batch": True})
    outcome = engine.run(config, new_folder(config))
    assert isinstance(outcome, events.RunFailed)
    assert outcome.title.startswith("the longest batch does not fit: 16 rows of up to")
    assert "activation_checkpointing" in outcome.hint
    assert outcome.exit_code == 2


def test_the_report_says_that_memory_runs_out(mrpc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeOutOfMemory(monkeypatch)
    report = preflight.check(mrpc())
    (finding,) = [finding for finding in report.findings if finding.code == "out_of_memory"]
    assert (finding.severity, finding.split, finding.count) == ("error", "train", 16)
    assert report.failed


def test_the_cost_has_every_part_and_the_time(mrpc: Any) -> None:
    states = torch.get_rng_state()
    cost = preflight.check(mrpc(eval_strategy="epoch", warmup_steps=0.1)).cost
    assert torch.equal(torch.get_rng_state(), states)
    assert (cost["steps"], cost["steps_per_epoch"], cost["warmup_steps"], cost["evaluations"]) == (57, 19, 6, 3)
    parts = ("weights", "gradients", "optimizer", "activations")
    assert all(cost[f"{part}_dtype"] == "float32" for part in parts)
    assert cost["memory_bytes"] == sum(cost[f"{part}_bytes"] for part in (*parts, "heap", "runtime"))
    assert cost["estimated_seconds"] > cost["seconds_per_step"] > 0
