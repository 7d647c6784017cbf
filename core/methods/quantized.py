"""A frozen base in 8 or 4 bits (bitsandbytes), under an adapter."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from core.methods import kinds, structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from transformers import PreTrainedModel

    from core.config import MethodConfig, ModelConfig

KEY = "model.quantization"
DEVICES = ("cuda", "cpu")
"""Where bitsandbytes has kernels. On a CPU it saves memory and costs time."""


def check(model: ModelConfig, method: MethodConfig, device: str) -> None:
    """Whether the base can be held in few bits; nothing is asked where it shall not be.

    Raises:
        FinetuiError: bitsandbytes does not work on the device or is not there, there is nothing to quantize, or the
            method cannot work on it.
    """
    wanted = f"{KEY}: {model.quantization}"
    if model.quantization is None:
        return
    if model.from_config is not None:
        raise FinetuiError("there are no weights to quantize", wanted, "name a checkpoint with model.id", key=KEY)
    if not kinds.is_adapter(method.kind):
        hint = "set method.kind: lora, or leave model.quantization out"
        raise FinetuiError(
            "quantized weights cannot be trained", f"{wanted}, method.kind: {method.kind}", hint, key=KEY
        )
    if device not in DEVICES:
        hint = "leave model.quantization out here: a LoRA on the weights as they are; or set training.use_cpu: true"
        raise FinetuiError(
            f"there is no quantized base on {device}", f"{wanted}; bitsandbytes has no kernels for it", hint, key=KEY
        )
    if find_spec("bitsandbytes") is None:
        raise FinetuiError("bitsandbytes is not installed", wanted, "pip install 'finetui[quantize]'", key=KEY)
    if not fits(method.kind):
        others = ", ".join(kind for kind in kinds.ADAPTERS if fits(kind))
        raise FinetuiError(
            f"{method.kind} cannot work on a quantized base",
            f"{wanted}; PEFT has no layer of that kind for it",
            f"methods that can: {others}",
            key=KEY,
        )


def why_not(kind: str) -> str:
    """Why no base can be quantized under a method; empty where one can."""
    return "" if kinds.is_adapter(kind) else "it is for a frozen base under an adapter: method.kind lora, ..."


def fits(kind: str) -> bool:
    """Whether an adapter works on a quantized base: it has layers for that, or touches no layer."""
    return kind in kinds.PROMPT_LEARNING or find_spec(f"peft.tuners.{kind.replace('-', '_')}.bnb") is not None


def compute_dtype(device: str, units: bool) -> str:
    """The torch dtype that the weights are multiplied in.

    Args:
        units: whether the device has bfloat16 units.
    """
    if device == "cpu":
        return "float32"
    return "bfloat16" if units else "float16"


def kept(bare: PreTrainedModel) -> list[str]:
    """Names of the modules that stay as they are: heads, which may be new and trained, and what is tied to others.

    Args:
        bare: the model with its head, without adapter; it needs no weights.
    """
    from transformers.quantizers.base import get_keys_to_not_convert

    return sorted({*get_keys_to_not_convert(bare), *structure.heads(bare)})


def saved(bare: PreTrainedModel, quantization: str) -> int:
    """Bytes that the model holds less for it. Beside the bits, int8 has a float32 per row; nf4 a byte per block of 64
    weights and a float32 per 256 blocks (double quantization). What stays becomes float32 under an adapter."""
    from torch import nn
    from transformers.quantizers.quantizers_utils import should_convert_module

    names, found, few = kept(bare), 0, set[int]()
    for name, module in bare.named_modules():
        if isinstance(module, nn.Linear) and should_convert_module(name, names):
            weight = module.weight
            numbers = weight.numel()
            own = numbers + 4 * len(weight) if quantization == "int8" else numbers * (1 / 2 + 1 / 64 + 4 / (64 * 256))
            found += numbers * weight.element_size() - int(own)
            few.add(id(weight))
    rest = (parameter for parameter in bare.parameters() if id(parameter) not in few)
    return found - sum(parameter.numel() * (4 - parameter.element_size()) for parameter in rest)


def options(model: ModelConfig, device: str, bare: Callable[[], PreTrainedModel]) -> dict[str, Any]:
    """Arguments of `from_pretrained` that load the weights in few bits; none where they shall not be, or cannot.

    Args:
        bare: makes the model with its head, without weights.
    """
    if model.quantization is None or device not in DEVICES:
        return {}
    import torch
    from transformers import BitsAndBytesConfig

    from core import precision

    names = kept(bare())
    config = (
        BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=names)
        if model.quantization == "int8"
        else BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=getattr(torch, compute_dtype(device, precision.has_bf16_units(device))),
            llm_int8_skip_modules=names,
        )
    )
    place = torch.cuda.current_device() if device == "cuda" else device
    return {"quantization_config": config, "device_map": {"": place}}
