"""Part of the model as it is, the rest frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import FinetuiError
from core.methods import structure

if TYPE_CHECKING:
    from transformers import PreTrainedModel

LAYERS = 1
"""Layers that are trained besides the head where the config does not say."""


def freeze(model: PreTrainedModel, last: int) -> None:
    """Train the last layers and the head, and nothing else.

    A head that is the input embedding as well (tied) stays frozen under trained layers: it would change what every
    frozen layer gets. Alone, with no layers, it is what was asked for.

    Args:
        last: how many layers; 0 is the head alone.

    Raises:
        FinetuiError: the model has fewer layers, or no head to train alone.
    """
    layers = structure.layers(model)
    heads = structure.heads(model)
    if last > len(layers):
        raise FinetuiError(
            f"the model has {len(layers)} layers",
            f"method.layers: {last}",
            "train fewer, or set method.kind: full",
            key="method.layers",
        )
    if last == 0 and not heads:
        raise FinetuiError(
            "the model has no head to train alone",
            "method.layers: 0",
            "set method.layers: 1, or more",
            key="method.layers",
        )
    embedding = {id(parameter) for parameter in model.get_input_embeddings().parameters()} if last else set()
    model.requires_grad_(False)
    for part in (*layers[len(layers) - last :], *(model.get_submodule(name) for name in heads)):
        for parameter in part.parameters():
            parameter.requires_grad = id(parameter) not in embedding
