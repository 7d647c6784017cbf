"""`training:` takes the fields of the task's own arguments class, with that class's defaults."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, get_args

import pytest

from core import config_file
from core.config import RunConfig, TaskName
from core.errors import FinetuiError
from core.precision import Precision
from core.tasks import task_class
from core.training import argument_names, arguments

FLOAT32 = Precision("float32", None, "cpu")

OURS = {
    "output_dir", "disable_tqdm", "logging_nan_inf_filter", "report_to", "logging_steps", "include_for_metrics",
    "bf16", "use_cpu", "dataloader_pin_memory", "dataset_kwargs", "max_length",
}  # fmt: skip
"""What docs/architecture.md says is set otherwise, and what follows from the device and from `data:`."""

TASKS = get_args(TaskName)


def config(task: str, **training: Any) -> RunConfig:
    made = config_file.validate({"task": task, "model": {"id": "m"}, "data": {"id": "d"}, "training": training})
    return arguments.settle(made)


def built(task: str, place: Path, **training: Any) -> Any:
    return arguments.build(config(task, **training), place, FLOAT32)


@pytest.mark.parametrize("task", TASKS)
def test_defaults_are_those_of_the_class(task: Any, tmp_path: Path) -> None:
    cls = task_class(task).arguments_class()
    ours, theirs = built(task, tmp_path), cls(output_dir=str(tmp_path), use_cpu=True, bf16=False)
    fixed = {*task_class(task).fixed_arguments, *task_class(task).argument_defaults}
    differing = {
        field.name for field in dataclasses.fields(cls) if getattr(ours, field.name) != getattr(theirs, field.name)
    }
    assert type(ours) is cls
    assert differing <= OURS | fixed


@pytest.mark.parametrize("task", TASKS)
def test_old_names_get_the_new_one(task: Any, tmp_path: Path) -> None:
    fields = {field.name for field in dataclasses.fields(task_class(task).arguments_class())}
    for name in {**argument_names.RENAMED, **argument_names.GONE}:
        if name in fields:
            continue  # this class still has it, or has it as its own
        with pytest.raises(FinetuiError, match=name) as caught:
            built(task, tmp_path, **{name: 1})
        assert caught.value.hint.startswith(("it is called", "leave it out"))


def test_the_new_names_are_fields() -> None:
    """A hint that names a field which is not there would send a person in a circle."""
    known = {field.name for task in TASKS for field in dataclasses.fields(task_class(task).arguments_class())}
    for new in argument_names.RENAMED.values():
        word = new.split()[0].rstrip(":")
        assert word in known or word in ("data.max_length", "nothing"), new
    assert not set(argument_names.GONE) & known


def test_what_does_nothing_here_is_refused_but_its_default_is_not(tmp_path: Path) -> None:
    with pytest.raises(FinetuiError, match="push_to_hub"):
        built("causal-lm", tmp_path, push_to_hub=True)
    assert not built("causal-lm", tmp_path, push_to_hub=False).push_to_hub


@pytest.mark.parametrize("task", TASKS)
def test_a_config_that_a_run_wrote_down_is_taken_again(task: Any, tmp_path: Path) -> None:
    """It spells out every default of the form, whatever the task has no use for: a run could not be resumed."""
    written = config_file.validate(config_file.to_data(config(task)))
    arguments.build(arguments.settle(written), tmp_path, FLOAT32)


@pytest.mark.parametrize("task", ["question-answering", "preference", "feature-extraction"])
def test_label_smoothing_that_would_do_nothing_is_refused(task: str, tmp_path: Path) -> None:
    with pytest.raises(FinetuiError, match="`label_smoothing_factor` is not taken here") as caught:
        built(task, tmp_path, label_smoothing_factor=0.1)
    assert caught.value.hint


def test_early_stopping_without_checkpoints_says_what_to_set() -> None:
    data = {"early_stopping": {}, "training": {"save_strategy": "no"}}
    made = config_file.validate({"model": {"id": "m"}, "data": {"id": "d"}, **data})
    with pytest.raises(FinetuiError, match="the best model is loaded from a checkpoint") as caught:
        arguments.settle(made)
    assert caught.value.key == "training.save_strategy"
    unloaded = {"load_best_model_at_end": False, "save_strategy": "no"}
    settled = arguments.settle(config_file.validate({**config_file.to_data(made), "training": unloaded}))
    assert not settled.training.load_best_model_at_end


def test_schedules_that_follow_a_metric_bring_evaluations() -> None:
    settled = config("causal-lm", lr_scheduler_type="reduce_lr_on_plateau").training
    assert (settled.eval_strategy, settled.metric_for_best_model) == ("epoch", "loss")
    assert not settled.load_best_model_at_end
