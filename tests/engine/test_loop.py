"""`engine: loop` does what the Trainer does, and says no to what it does not do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import config_file, events
from core.config import EarlyStopping, RunConfig
from core.errors import FinetuiError
from core.runs import layout
from core.runs.folder import RunFolder
from core.runs.reader import RunReader
from core.training import engine, prepare

ENGINES = ("trainer", "loop")


@pytest.fixture
def stories(shared: Path) -> Callable[..., RunConfig]:
    """A run of stories260K on lines of Shakespeare: 40 rows to train on, 10 to evaluate on."""

    def make(which: str, **training: Any) -> RunConfig:
        data = {
            "task": "causal-lm",
            "engine": which,
            "model": {"id": str(shared / "models/stories260K"), "dtype": "float32"},
            "data": {
                "files": {"train": str(shared / "data/tinyshakespeare/input.txt")},
                "limit": {"train": 50},
                "eval_fraction": 0.2,
                "max_length": 64,
            },
            "training": {"per_device_train_batch_size": 4, "learning_rate": 1e-3, "logging_steps": 1, **training},
        }
        return config_file.validate(data)

    return make


def run(config: RunConfig, folder: RunFolder, resume: bool = False) -> tuple[Any, list[events.Event]]:
    outcome = engine.run(config, folder, resume)
    assert isinstance(outcome, events.RunFinished), outcome
    return outcome, list(RunReader(folder.path).read_all())


def losses(said: list[events.Event]) -> list[float]:
    return [event.metrics["loss"] for event in said if isinstance(event, events.StepLogged)]


@pytest.mark.parametrize(
    "training",
    [
        {"num_train_epochs": 2, "gradient_accumulation_steps": 4},
        {
            "num_train_epochs": 1.5,
            "per_device_train_batch_size": 3,
            "train_sampling_strategy": "group_by_length",
            "lr_scheduler_type": "cosine",
            "warmup_steps": 3,
            "weight_decay": 0.1,
            "max_grad_norm": 0.5,
            "label_smoothing_factor": 0.1,
            "gradient_accumulation_steps": 2,
        },
        {
            "max_steps": 4,
            "optim": "sgd",
            "bf16": True,
            "use_cpu": True,
            "dataloader_drop_last": True,
            "activation_checkpointing": True,
        },
    ],
    ids=["plain", "grouped, smoothed, clipped", "bfloat16, SGD, checkpointed"],
)
@pytest.mark.filterwarnings("error:.gradient_checkpointing")
def test_a_language_model_has_the_losses_of_the_trainer(
    training: dict[str, Any], stories: Any, new_folder: Any
) -> None:
    outcomes = [run(config, new_folder(config)) for config in (stories(which, **training) for which in ENGINES)]
    (by_trainer, said_by_trainer), (by_loop, said_by_loop) = outcomes
    assert losses(said_by_loop) == pytest.approx(losses(said_by_trainer), abs=1e-5)
    assert by_loop.metrics == pytest.approx(by_trainer.metrics, rel=1e-5)


def test_reports_evaluations_and_checkpoints_come_when_the_trainer_has_them(stories: Any, new_folder: Any) -> None:
    """Early stopping, the best model at the end, and checkpoints that are thrown away among them."""
    training = {
        "num_train_epochs": 4,
        "learning_rate": 1e-3,
        "logging_steps": 3,
        "logging_first_step": True,
        "eval_strategy": "steps",
        "eval_steps": 4,
        "eval_on_start": True,
        "save_total_limit": 2,
        "metric_for_best_model": "loss",
    }
    seen = []
    for which in ENGINES:
        config = stories(which, **training)
        config = config.model_copy(update={"early_stopping": EarlyStopping(patience=2, threshold=100)})
        folder = new_folder(config)
        outcome, said = run(config, folder)
        kinds = (events.StepLogged, events.Evaluated, events.CheckpointSaved, events.Sampled)
        assert outcome.reason == "early_stopped"
        state = json.loads((folder.last_checkpoint() / "trainer_state.json").read_text())
        seen.append(
            (
                [(type(event).__name__, event.step, event.epoch) for event in said if isinstance(event, kinds)],
                sorted(path.name for path in folder.checkpoints.iterdir()),
                outcome.metrics,
                {
                    name: state[name]
                    for name in ("best_metric", "best_global_step", "num_input_tokens_seen", "max_steps")
                },
            )
        )
    assert seen[0] == seen[1]


@pytest.mark.parametrize("goes_on", ENGINES)
def test_a_resumed_run_has_the_losses_of_the_uninterrupted_one(
    goes_on: str, mrpc: Any, new_folder: Any, tmp_path: Path
) -> None:
    """From the middle of an epoch, with dropout, with either engine: the files are the same."""
    data = {"limit": {"train": 60, "validation": 20}}
    training = {"num_train_epochs": 2, "gradient_accumulation_steps": 2, "save_strategy": "steps", "save_steps": 3}
    training |= {"per_device_train_batch_size": 8}
    config = mrpc({"engine": "loop"}, **training)
    config = config.model_copy(update={"data": config.data.model_copy(update=data)})
    first = new_folder(config)
    outcome, said = run(config, first)
    again = tmp_path / "again"
    shutil.copytree(first.path, again)
    for step in (6, 8):
        shutil.rmtree(again / layout.CHECKPOINTS / f"checkpoint-{step}")

    resumed, said_then = run(config.model_copy(update={"engine": goes_on}), RunFolder(again), resume=True)

    whole = losses(said)
    assert len(whole) == 8
    assert losses(said_then)[len(whole) :] == pytest.approx(whole[3:], abs=1e-6)
    assert resumed.metrics == pytest.approx(outcome.metrics, abs=1e-6)


@pytest.mark.parametrize(
    ("sections", "training", "key"),
    [
        ({}, {"neftune_noise_alpha": 5.0}, "training.neftune_noise_alpha"),
        ({}, {"eval_accumulation_steps": 2}, "training.eval_accumulation_steps"),
        ({}, {"optim": "lomo"}, "training.optim"),
        ({}, {"train_sampling_strategy": "batch_rebalance"}, "training.train_sampling_strategy"),
        ({}, {"lr_scheduler_type": "reduce_lr_on_plateau", "eval_strategy": "epoch"}, "training.lr_scheduler_type"),
        ({}, {"logging_nan_inf_filter": True}, "training.logging_nan_inf_filter"),
    ],
)
def test_what_the_loop_does_not_do_is_refused(
    sections: dict[str, Any], training: dict[str, Any], key: str, stories: Any
) -> None:
    with pytest.raises(FinetuiError) as refused:
        prepare.check(stories("loop", **training))
    assert refused.value.key == key
    assert refused.value.hint == "set engine: trainer"


def test_every_default_that_a_run_writes_down_is_taken_again(stories: Any, new_folder: Any) -> None:
    """config.yaml spells out defaults: they are no reason to refuse."""
    config = stories("loop", neftune_noise_alpha=None, report_to="none", eval_do_concat_batches=True)
    folder = new_folder(config)
    checked = prepare.check(config_file.load(folder.path / layout.CONFIG).config)
    assert checked.config.engine == "loop"
