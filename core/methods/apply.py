"""A model as the method trains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError, first_line
from core.methods import freezing, kinds, options, structure

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from core.config import MethodConfig

NEW_HEADS = ("SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS")
"""Tasks whose head begins with random weights: under a frozen base it is trained, and saved with the adapter."""
KNOWN_HEADS = ("classifier", "score", "qa_outputs")
"""Heads that PEFT itself adds to `modules_to_save` for these tasks; others have names that it does not know."""


def apply(
    model: PreTrainedModel, method: MethodConfig, task_type: str | None, steps: int | None = None
) -> PreTrainedModel:
    """The model with the method's weights set to be trained: itself, or wrapped in an adapter.

    The only random numbers drawn are those of the adapter's new weights, as `peft.get_peft_model` draws them. Weights
    that are trained become float32 where a frozen base is in fewer bits.

    Args:
        task_type: name in `peft.TaskType`; None for a task that PEFT has no class for.
        steps: optimizer steps of the run, for a method that plans by them.

    Raises:
        FinetuiError: an option does not exist or does not fit, or there is nothing in the model to adapt.
    """
    if method.kind == "freeze":
        freezing.freeze(model, freezing.LAYERS if method.layers is None else method.layers)
    if not kinds.is_adapter(method.kind):
        return model
    if not task_type and method.kind in kinds.PROMPT_LEARNING:
        raise FinetuiError(
            f"{method.kind} does not fit this task",
            "PEFT has no class for the task that could put virtual tokens before a row",
            "choose another method, e.g. lora",
            key="method.kind",
        )
    import torch
    from peft import get_peft_model, prepare_model_for_kbit_training

    if getattr(model, "is_quantized", False):
        # Checkpointing is for the training arguments to turn on.
        prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    config = options.peft_config(method, task_type, steps)
    _keep_heads(model, config)
    try:
        adapted: PreTrainedModel = get_peft_model(model, config)
    except (ValueError, TypeError, NotImplementedError, KeyError, AttributeError, RuntimeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise _refusal(error, model, method, config) from error
    _refuse_nested(adapted, config)
    for parameter in adapted.parameters():
        if parameter.requires_grad and parameter.dtype.itemsize < 4:
            parameter.data = parameter.data.float()
    return adapted


def _keep_heads(model: PreTrainedModel, config: Any) -> None:
    """New heads go to `modules_to_save`: they are trained whole, and saved."""
    if config.task_type not in NEW_HEADS or not hasattr(config, "modules_to_save"):
        return
    unknown = [name for name in structure.heads(model) if not name.endswith(KNOWN_HEADS)]
    named = config.modules_to_save
    given = [named] if isinstance(named, str) else list(named or [])
    # A list of our own: PEFT adds its names to the one that it gets.
    config.modules_to_save = [*given, *(name for name in unknown if name not in given)] or None


def _refuse_nested(adapted: PreTrainedModel, config: Any) -> None:
    """PEFT takes every module whose name ends in one that is given: `embeddings` is `word_embeddings` as well, inside
    the first. Both train, and what is saved of them cannot be loaded."""
    from peft.utils import ModulesToSaveWrapper

    saved = [name for name, module in adapted.named_modules() if isinstance(module, ModulesToSaveWrapper)]
    for outer in saved:
        inner = next((name for name in saved if name.startswith(f"{outer}.")), None)
        if inner is not None:
            whole = outer.removeprefix("base_model.model.")
            raise FinetuiError(
                f"modules_to_save means both {whole} and what is inside it",
                f"method.modules_to_save: {', '.join(config.modules_to_save)}; PEFT looks at how names end",
                f"name the one that you mean: {whole}, or {inner.rpartition('.')[2]}",
                key="method.modules_to_save",
            )


def _refusal(error: Exception, model: PreTrainedModel, method: MethodConfig, config: Any) -> FinetuiError:
    said = first_line(error)
    if "target_modules" in said or ("target" in said.lower() and "not found" in said.lower()):
        what = "norms" if method.kind == "ln-tuning" else "linear modules"
        names = structure.norms(model) if method.kind == "ln-tuning" else structure.linears(model)
        asked = config.target_modules
        wanted = asked if isinstance(asked, str | None) else ", ".join(sorted(asked))
        return FinetuiError(
            f"{method.kind} finds nothing to adapt",
            f"method.target_modules: {wanted}; no module of the model is called that",
            f"{what}: {', '.join(names)}",
            key="method.target_modules",
        )
    return FinetuiError(
        f"{method.kind} does not fit this model",
        said,
        "change its options, or choose another method",
        key="method.kind",
    )
