"""What comes again while a run trains, and how often."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import TrainerState, TrainingArguments

    from core.config import TrainingConfig


def planned_steps(training: TrainingConfig, rows: int) -> int:
    """Optimizer steps of a run on one device over so many encoded rows."""
    batches = math.ceil(rows / training.per_device_train_batch_size)
    per_epoch = math.ceil(batches / training.gradient_accumulation_steps)
    return training.max_steps if training.max_steps > 0 else math.ceil(per_epoch * training.num_train_epochs)


def intervals(args: TrainingArguments, state: TrainerState) -> dict[str, float]:
    """Steps from one evaluation, and from one checkpoint, to the next; what does not come by itself is absent."""
    found = {
        "evaluation": _steps(args.eval_strategy, state.eval_steps, state),
        "checkpoint": _steps(args.save_strategy, state.save_steps, state),
    }
    return {what: steps for what, steps in found.items() if steps}


def _steps(strategy: str, steps: float, state: TrainerState) -> float:
    if strategy == "epoch":
        return round(state.global_step / state.epoch) if state.epoch else 0
    return steps if strategy == "steps" else 0
