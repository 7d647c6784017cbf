"""The token that a decoder begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError, first_line
from core.tasks.base import IGNORED

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

    from core.config import RunConfig


def require(model: Any, architecture: PreTrainedConfig, config: RunConfig) -> None:
    """Let the model make a decoder's input of labels, as it does in training.

    Raises:
        FinetuiError: it cannot.
    """
    import torch

    reason = "decoder_start_token_id is not set"
    try:
        if hasattr(model, "prepare_decoder_input_ids_from_labels"):
            model.prepare_decoder_input_ids_from_labels(labels=torch.tensor([[0, 0, IGNORED]]))
        if getattr(model.generation_config, "decoder_start_token_id", None) is not None:
            return
        if getattr(architecture, "decoder_start_token_id", None) is not None:
            return
    except (ValueError, AttributeError, AssertionError, TypeError) as error:
        reason = first_line(error)
    place = "model.from_config" if config.model.from_config is not None else "config.json of the model"
    raise FinetuiError(
        f"{config.model.label} does not say what its decoder begins with",
        f"{place}: {reason}",
        "add decoder_start_token_id to it: T5 takes the pad token's id, BART the end token's",
        key="model.from_config" if config.model.from_config is not None else "model.id",
    )
