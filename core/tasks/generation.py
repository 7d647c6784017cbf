"""What a model with a decoder writes in an evaluation with `predict_with_generate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from transformers import StoppingCriteriaList

OF_LABELS = ("labels", "decoder_input_ids", "decoder_attention_mask")
"""What of a batch says the answer."""


def generate(model: Any, batch: Mapping[str, Any], arguments: Any, stop: Callable[[], bool]) -> torch.Tensor:
    """The answers to a batch, as the Seq2SeqTrainer asks for them.

    Args:
        arguments: `generation_max_length` and `generation_num_beams` go before the model's own generation config.
        stop: looked at after each token.

    Returns:
        token ids [rows, tokens], int64, from the one that the decoder begins with; shorter ones are padded.
    """
    wanted = {"max_length": arguments.generation_max_length, "num_beams": arguments.generation_num_beams}
    written: torch.Tensor = model.generate(
        **{name: value for name, value in batch.items() if name not in OF_LABELS},
        **{name: value for name, value in wanted.items() if value is not None},
        stopping_criteria=StoppingCriteriaList([lambda *_, **__: stop()]),
    )
    return written
