"""What comes again while a run trains, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import TrainerState, TrainingArguments


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
