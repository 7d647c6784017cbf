"""What says which model is the best."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import TrainerState, TrainingArguments

from core import config_file
from core.errors import RunFailure
from core.runs.folder import RunFolder
from core.training import checkpoints
from core.training.best import Judge
from core.training.reporter import Reporter
from core.training.trainer import Steered


def _by_trainer(args: TrainingArguments, state: TrainerState, metrics: dict[str, float]) -> bool:
    trainer: Any = Steered.__new__(Steered)
    trainer.args, trainer.state = args, state
    return bool(trainer._determine_best_metric(metrics, None))


@pytest.mark.parametrize("is_best", [_by_trainer, checkpoints.is_best], ids=["trainer", "loop"])
@pytest.mark.parametrize("greater", [True, False])
def test_a_figure_that_is_absent_or_nan_is_not_the_best(
    greater: bool, is_best: Callable[..., bool], tmp_path: Path
) -> None:
    args = TrainingArguments(
        str(tmp_path), metric_for_best_model="score", greater_is_better=greater, save_strategy="steps", use_cpu=True
    )
    sign = 1 if greater else -1
    state = TrainerState()
    seen = []
    for state.global_step, value in enumerate((None, math.nan, 0.4, None, math.nan, 0.5, 0.45), 1):
        metrics = {"eval_loss": 1.0} if value is None else {"eval_score": sign * value}
        seen.append(is_best(args, state, metrics))
    assert seen == [False, False, True, False, False, True, False]
    assert (state.best_metric, state.best_global_step) == (sign * 0.5, 6)


@pytest.fixture
def reporter(tmp_path: Path) -> Reporter:
    config = config_file.validate({"name": "one", "model": {"id": "m"}, "data": {"id": "d"}})
    return Reporter(RunFolder.create(tmp_path, config))


def test_a_figure_that_no_evaluation_can_have_ends_the_run_at_the_first(reporter: Reporter) -> None:
    """The Trainer of another library says the same figures at every evaluation."""
    with pytest.raises(RunFailure, match="rewards, which says what the best model is, was not computed"):
        Judge(reporter, []).look("rewards", {"eval_loss": 1.0}, 1)


def test_a_figure_that_an_evaluation_had_is_no_failure(reporter: Reporter) -> None:
    judge = Judge(reporter, ["own.py:mine"])
    judge.look("mine", {"eval_loss": 1.0}, 1)
    judge.conclude("mine", TrainerState(best_metric=0.5))
    with pytest.raises(RunFailure):
        judge.conclude("mine", TrainerState())
