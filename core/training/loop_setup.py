"""What our own loop has in hand before its first step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import get_scheduler
from transformers.integrations.neftune import activate_neftune, deactivate_neftune
from transformers.trainer_utils import align_special_tokens

from core.training import checkpointing, checkpoints, early_stopping, loaders, optimizer

if TYPE_CHECKING:
    from core.training.loop import Loop


def prepare(loop: Loop, checkpoint: Path | None) -> Any:
    """Put model and optimizer on the device, in its number format.

    Returns:
        The batches of an epoch.
    """
    args = loop.args
    batches = loop.accelerator.prepare(loaders.training(loop))
    if checkpoint is not None:
        checkpoints.load_weights(loop.model, checkpoint)
    if args.activation_checkpointing:
        checkpointing.enable(loop.model, args.activation_checkpointing_kwargs)
    align_special_tokens(loop.model, loop.tokenizer)
    if args.neftune_noise_alpha is not None:
        loop.noise = activate_neftune(loop.model, args.neftune_noise_alpha)
    loop.wrapped, loop.optimizer = loop.accelerator.prepare(loop.model, optimizer.make(args, loop.model))
    return batches


def plan(loop: Loop, total: int, epochs: int, checkpoint: Path | None) -> None:
    """Make the schedule of `total` steps, and find where in it the run stands."""
    args, options = loop.args, loop.args.lr_scheduler_kwargs
    assert not isinstance(options, str)  # the arguments have read it
    loop.lr_scheduler = get_scheduler(
        args.lr_scheduler_type, loop.optimizer, args.get_warmup_steps(total), total, options
    )
    loop.handler.optimizer, loop.handler.lr_scheduler = loop.optimizer, loop.lr_scheduler
    if checkpoint is not None:
        loop.state = checkpoints.load_state(checkpoint)
        early_stopping.take_up(loop.handler.callbacks, loop.state)
        checkpoints.load_optimizer(loop, checkpoint)
    loop.state.compute_steps(args, total)
    loop.state.max_steps, loop.state.num_train_epochs = total, epochs


def take_down(loop: Loop) -> None:
    """Leave the model as it is used: without noise."""
    if loop.noise is not None:
        deactivate_neftune(loop.model, loop.noise)
