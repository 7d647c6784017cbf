"""What a model is made of, found in the model itself and not by the name of its architecture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel


def heads(model: PreTrainedModel) -> list[str]:
    """Names of the parts with weights that stand on the base model: `classifier`, `lm_head`; none on a base model."""
    base = model.base_model
    if base is model:
        return []
    return [name for name, part in model.named_children() if part is not base and any(True for _ in part.parameters())]


def layers(model: PreTrainedModel) -> list[nn.Module]:
    """The transformer layers, in their order: those of an encoder before those of its decoder.

    They are the outermost `ModuleList`s of modules that are all of one class. Of several, as where a model has lists of
    other things too, those count whose layers have the most weights: at least half as many as the largest.
    """
    from torch import nn

    found: list[nn.ModuleList] = []

    def look(module: nn.Module) -> None:
        for part in module.children():
            if isinstance(part, nn.ModuleList) and len(part) and len({type(layer) for layer in part}) == 1:
                found.append(part)
            else:
                look(part)

    look(model.base_model)
    weights = [sum(parameter.numel() for parameter in part[0].parameters()) for part in found]
    return [
        layer
        for part, weight in zip(found, weights, strict=True)
        if weight and 2 * weight >= max(weights)
        for layer in part
    ]


def linears(model: PreTrainedModel) -> list[str]:
    """Last parts of the names of the linear modules below the head."""
    return _endings(model, lambda name: "Linear" in name or name == "Conv1D")


def norms(model: PreTrainedModel) -> list[str]:
    """Last parts of the names of the normalizations below the head."""
    return _endings(model, lambda name: "LayerNorm" in name or "RMSNorm" in name)


def _endings(model: PreTrainedModel, wanted: Callable[[str], bool]) -> list[str]:
    named = model.base_model.named_modules()
    return sorted({name.rpartition(".")[2] for name, module in named if wanted(type(module).__name__)})
