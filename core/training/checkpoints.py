"""Checkpoints of our own loop, in the files of the Trainer's: a run goes on from them with either engine."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate import load_checkpoint_in_model
from transformers import TrainerState
from transformers.trainer_pt_utils import safe_globals
from transformers.trainer_utils import rotate_checkpoints

from core.training import best

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from core.training.loop import Loop

OPTIMIZER, SCHEDULER, SCALER, RANDOM, STATE = (
    "optimizer.pt",
    "scheduler.pt",
    "scaler.pt",
    "rng_state.pth",
    "trainer_state.json",
)


def save(loop: Loop) -> None:
    """Write checkpoint-<step>; its state comes last, so that a folder that has one is whole. Old ones go."""
    run, state = Path(str(loop.args.output_dir)), loop.state
    folder = run / f"checkpoint-{state.global_step}"
    loop.save_model(str(folder))
    of_best = run / f"checkpoint-{state.best_global_step}"
    if state.best_global_step and of_best.exists():
        state.best_model_checkpoint = str(of_best)
    if not loop.args.save_only_model:
        torch.save(loop.optimizer.state_dict(), folder / OPTIMIZER)
        torch.save(loop.lr_scheduler.state_dict(), folder / SCHEDULER)
        if loop.accelerator.scaler is not None:
            torch.save(loop.accelerator.scaler.state_dict(), folder / SCALER)
        torch.save(_random_states(), folder / RANDOM)
    loop.keep()
    state.save_to_json(str(folder / STATE))
    rotate_checkpoints(str(run), loop.args.save_total_limit, state.best_model_checkpoint, use_mtime=True)


def is_best(args: TrainingArguments, state: TrainerState, metrics: dict[str, float]) -> bool:
    """Whether it is better than every evaluation before; the state remembers it then. One without the figure is not."""
    wanted = args.metric_for_best_model
    value = metrics.get(best.figure(wanted)) if wanted is not None else None
    if value is None:
        return False
    if state.best_metric is None:  # from which NaN is not better: it would never be beaten
        state.best_metric = -math.inf if args.greater_is_better else math.inf
    if not (value > state.best_metric if args.greater_is_better else value < state.best_metric):
        return False
    state.best_metric = value
    if args.save_strategy != "no":
        state.best_global_step = state.global_step
    return True


def load_weights(model: Any, folder: Path) -> None:
    """Put the weights, or the adapter, of a checkpoint into the model."""
    if hasattr(model, "peft_config"):
        model.load_adapter(str(folder), model.active_adapters[0], is_trainable=True)
    else:
        load_checkpoint_in_model(model, str(folder))


def load_state(folder: Path) -> TrainerState:
    """Where the run stood; a best checkpoint that is gone counts for nothing."""
    state: TrainerState = TrainerState.load_from_json(str(folder / STATE))
    if state.best_model_checkpoint is not None and not Path(state.best_model_checkpoint).is_dir():
        state.best_model_checkpoint = None
    return state


def load_optimizer(loop: Loop, folder: Path) -> None:
    """Optimizer, schedule and loss scale as they were."""
    parts = {OPTIMIZER: loop.optimizer, SCHEDULER: loop.lr_scheduler, SCALER: loop.accelerator.scaler}
    for name, part in parts.items():
        if part is not None and (folder / name).is_file():
            part.load_state_dict(torch.load(folder / name, map_location="cpu", weights_only=True))


def load_random(folder: Path) -> None:
    """The random states as they were."""
    if not (folder / RANDOM).is_file():
        return
    with safe_globals():
        states = torch.load(folder / RANDOM, weights_only=True)
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    torch.random.set_rng_state(states["cpu"])
    if torch.cuda.is_available() and "cuda" in states:
        torch.cuda.random.set_rng_state(states["cuda"])


def _random_states() -> dict[str, Any]:
    states = {"python": random.getstate(), "numpy": np.random.get_state(), "cpu": torch.random.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.random.get_rng_state()
    return states
