"""Training arguments that a model or a method would pass over, or fail on once its weights are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from core.methods import kinds, settle, virtual_tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from core.config import RunConfig
    from core.tasks.base import Task

SMOOTHING = "training.label_smoothing_factor"


def check(config: RunConfig, task: Task, architecture: PreTrainedConfig) -> None:
    """Hold the arguments against the model, which needs no weights for it.

    Raises:
        FinetuiError: one of them would do nothing, or fail.
    """
    _check_noise(config, task, architecture)
    if config.method.kind in kinds.PROMPT_LEARNING:
        _check_smoothing(config, task, architecture)
        _check_loss(config, task)


def _check_noise(config: RunConfig, task: Task, architecture: PreTrainedConfig) -> None:
    """NEFTune puts its noise on what `get_input_embeddings` gives, which not every model looks its tokens up in."""
    alpha = config.training.arguments().get("neftune_noise_alpha")
    if alpha is None:
        return
    model: Any = settle.on_meta(config.model, task, architecture)
    reason = ""
    if model.config.is_encoder_decoder:
        if not any(part is model.get_input_embeddings() for part in model.get_encoder().modules()):
            reason = f"{architecture.model_type} looks its tokens up elsewhere: the noise would reach nothing"
    elif config.method.kind in kinds.PROMPT_LEARNING and not hasattr(model, "model"):
        reason = f"under {config.method.kind} the library does not find the embeddings of {architecture.model_type}"
    if reason:
        key = "training.neftune_noise_alpha"
        raise FinetuiError("NEFTune does not fit this model", f"{key}: {alpha}; {reason}", "leave it out", key=key)


def _check_smoothing(config: RunConfig, task: Task, architecture: PreTrainedConfig) -> None:
    """What label smoothing compares follows from the class of the model, which the Trainer takes for another one under
    virtual tokens: it fails, or holds a language model against the token that it was given instead of the next."""
    smoothing = config.training.label_smoothing_factor
    if not smoothing:
        return
    reason = virtual_tokens.passes_over(config.method.kind, task.peft_task_type).get(SMOOTHING, "")
    if not reason and not hasattr(settle.on_meta(config.model, task, architecture), "model"):
        reason = f"the library does not see the kind of the model through {config.method.kind}"
    if reason:
        raise FinetuiError(
            f"label smoothing does not go with {config.method.kind} on {architecture.model_type}",
            f"{SMOOTHING}: {smoothing}; {reason}",
            "leave it out, or choose another method, e.g. lora",
            key=SMOOTHING,
        )


def _check_loss(config: RunConfig, task: Task) -> None:
    reason = virtual_tokens.passes_over(config.method.kind, task.peft_task_type).get("loss", "")
    if config.loss is not None and reason:
        raise FinetuiError(
            f"{config.method.kind} of a language model takes no loss of yours",
            f"loss: {config.loss}; {reason}",
            "leave it out, or choose another method, e.g. lora",
            key="loss",
        )
