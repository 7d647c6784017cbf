"""The parts that a run is made of: clock, learning rate, number formats, arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core import config_file, precision
from core.config import RunConfig
from core.errors import FinetuiError
from core.training import arguments
from core.training.clock import StepClock
from core.training.learning_rate import scale_learning_rate, set_learning_rate


class Watch:
    """A clock that goes as it is told."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_rate_leaves_out_what_is_no_step() -> None:
    watch = Watch()
    clock = StepClock(watch)
    clock.mark(0)
    assert clock.rate is None
    assert clock.eta(10) is None
    for step in range(1, 5):
        watch.seconds += 2.0
        clock.mark(step)
    watch.seconds += 100.0  # an evaluation
    clock.skip()
    watch.seconds += 50.0  # and a pause after it
    clock.skip()
    watch.seconds += 2.0
    clock.mark(5)
    assert clock.rate == pytest.approx(0.5)
    assert clock.eta(10) == pytest.approx(10.0)


def test_the_rate_follows_a_change() -> None:
    watch = Watch()
    clock = StepClock(watch)
    for step in range(200):
        watch.seconds += 1.0 if step < 100 else 0.1
        clock.mark(step)
    assert clock.rate == pytest.approx(10.0)


def test_a_new_learning_rate_scales_groups_and_schedule() -> None:
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimizer = torch.optim.AdamW([{"params": [weights[0]], "lr": 1.0}, {"params": [weights[1]], "lr": 0.1}])
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / 10))
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    set_learning_rate(optimizer, scheduler, 0.08)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.08, 0.008])
    optimizer.step()
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.07, 0.007])
    restored = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / 10))
    restored.load_state_dict(scheduler.state_dict())
    optimizer.step()
    restored.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.06)


def test_a_new_learning_rate_out_of_zero() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([weight], lr=0.5)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 2))
    assert optimizer.param_groups[0]["lr"] == 0.0
    set_learning_rate(optimizer, scheduler, 0.2)
    for expected in (0.1, 0.2, 0.2):
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[0]["lr"] == pytest.approx(expected)


def test_a_rate_is_scaled_while_it_is_still_zero() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([weight], lr=0.5)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 2))
    scale_learning_rate(optimizer, scheduler, 0.5)
    for expected in (0.125, 0.25, 0.25):
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[0]["lr"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("dtype", "method", "checkpoint", "device", "units", "weights", "autocast", "noted"),
    [
        ("auto", "full", "float32", "cpu", False, "float32", None, False),
        ("auto", "full", "bfloat16", "cpu", False, "float32", None, True),
        ("auto", "lora", "bfloat16", "cpu", False, "float32", None, True),
        ("auto", "lora", "bfloat16", "cpu", True, "float32", None, True),
        ("bfloat16", "full", "float32", "cpu", True, "float32", "bfloat16", False),
        ("bfloat16", "lora", "bfloat16", "cpu", True, "bfloat16", "bfloat16", False),
        ("bfloat16", "full", "bfloat16", "cpu", False, "float32", None, True),
        ("auto", "full", "bfloat16", "cuda", True, "float32", "bfloat16", False),
        ("auto", "lora", "bfloat16", "cuda", True, "bfloat16", "bfloat16", False),
        ("auto", "lora", "float32", "cuda", True, "float32", "bfloat16", False),
        ("auto", "full", "float32", "cuda", False, "float32", None, False),
        ("float32", "lora", "bfloat16", "cuda", True, "float32", None, False),
        ("float16", "full", "float32", "cuda", True, "float32", "float16", False),
    ],
)
def test_trained_weights_are_float32_everywhere(
    dtype: Any, method: Any, checkpoint: str, device: str, units: bool, weights: str, autocast: str | None, noted: bool
) -> None:
    found = precision.resolve(dtype, method, checkpoint, device, units)
    assert (found.weights, found.autocast, bool(found.note)) == (weights, autocast, noted)
    if method == "full":
        assert found.dtype() is torch.float32


def test_float16_without_a_gpu_is_refused() -> None:
    with pytest.raises(FinetuiError, match="float16"):
        precision.resolve("float16", "full", None, "cpu", True)


@pytest.mark.parametrize(
    ("units", "hint"),
    [
        (True, "leave it out, or set training.bf16: true"),
        (False, "leave it out: this cpu has no bfloat16 units either, everything is float32"),
    ],
)
def test_bf16_is_advised_where_the_machine_has_the_units(units: bool, hint: str) -> None:
    with pytest.raises(FinetuiError) as caught:
        precision.overruled(FLOAT32, None, True, units)
    assert caught.value.hint == hint


def config(**sections: Any) -> RunConfig:
    return config_file.validate({"model": {"id": "m"}, "data": {"id": "d"}, **sections})


FLOAT32 = precision.Precision("float32", None, "cpu")


def test_every_field_of_training_arguments_is_taken(tmp_path: Path) -> None:
    built = arguments.build(
        config(training={"optim": "sgd", "neftune_noise_alpha": 5, "lr_scheduler_kwargs": {"num_cycles": 2}}),
        tmp_path,
        FLOAT32,
    )
    assert built.optim == "sgd"
    assert built.neftune_noise_alpha == 5
    assert built.disable_tqdm
    assert built.report_to == []
    assert not built.logging_nan_inf_filter
    assert built.output_dir == str(tmp_path)


@pytest.mark.parametrize(
    ("training", "title", "hint"),
    [
        ({"learning_rte": 1}, "unknown training argument `learning_rte`", "learning_rate"),
        ({"group_by_length": True}, "unknown training argument `group_by_length`", "train_sampling_strategy"),
        ({"output_dir": "x"}, "`output_dir` is set by finetui", "leave it out"),
        ({"eval_strategy": "steps", "save_strategy": "epoch", "load_best_model_at_end": True}, "", "Evaluation"),
        ({"lr_scheduler_type": "wavy"}, "wavy", ""),
    ],
)  # fmt: skip
def test_wrong_training_arguments(training: dict[str, Any], title: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(FinetuiError) as caught:
        arguments.build(config(training=training), tmp_path, FLOAT32)
    assert title in caught.value.title
    assert hint in caught.value.hint


def test_early_stopping_brings_what_it_needs() -> None:
    settled = arguments.settle(config(early_stopping={"patience": 2})).training
    assert (settled.eval_strategy, settled.save_strategy) == ("epoch", "epoch")
    assert settled.load_best_model_at_end
    assert settled.metric_for_best_model == "loss"
    with pytest.raises(FinetuiError, match="needs evaluations"):
        arguments.settle(config(early_stopping={"patience": 2}, training={"eval_strategy": "no"}))
    steps = config(early_stopping={}, training={"eval_strategy": "steps", "eval_steps": 7})
    assert arguments.settle(steps).training.save_steps == 7
    plain = config()
    assert arguments.settle(plain) is plain
