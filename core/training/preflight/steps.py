"""How many steps and evaluations a run will have, counted as the Trainer counts them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import TrainingArguments


@dataclass(frozen=True, slots=True)
class Steps:
    """Optimizer steps in all, in an epoch and of the warm-up; batches of an evaluation; evaluations, the one at the end
    included."""

    total: int
    per_epoch: int
    warmup: int
    evaluations: int
    eval_batches: int


def count(arguments: TrainingArguments, train: int, evaluation: int) -> Steps:
    """The steps over so many encoded elements of the two splits."""
    batches = train / arguments.train_batch_size
    batches = math.floor(batches) if arguments.dataloader_drop_last else math.ceil(batches)
    per_epoch = max(1, math.ceil(batches / arguments.gradient_accumulation_steps))
    total = arguments.max_steps if arguments.max_steps > 0 else math.ceil(per_epoch * arguments.num_train_epochs)
    return Steps(
        total=total,
        per_epoch=per_epoch,
        warmup=arguments.get_warmup_steps(total),
        evaluations=_evaluations(arguments, total, per_epoch) if evaluation else 0,
        eval_batches=math.ceil(evaluation / arguments.eval_batch_size),
    )


def _evaluations(arguments: TrainingArguments, total: int, per_epoch: int) -> int:
    """Those of the schedule, and the one of the model that is kept where the last step had none."""
    every = 0
    if arguments.eval_strategy == "epoch":
        every = per_epoch
    elif arguments.eval_strategy == "steps":
        steps = arguments.eval_steps or arguments.logging_steps
        every = math.ceil(steps * total) if steps < 1 else int(steps)
    return math.ceil(total / every) if every else 1
