"""A frozen base in 8 or 4 bits (bitsandbytes), under an adapter."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from core.methods import kinds

if TYPE_CHECKING:
    from core.config import MethodConfig, ModelConfig

KEY = "model.quantization"


def check(model: ModelConfig, method: MethodConfig, device: str) -> None:
    """Whether the base can be held in few bits; nothing is asked where it shall not be.

    Raises:
        FinetuiError: there is no CUDA GPU, no bitsandbytes, nothing to quantize, or the method cannot work on it.
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
    if device != "cuda":
        hint = "leave model.quantization out here: a LoRA on the weights as they are; or train on a CUDA machine"
        raise FinetuiError(
            "a quantized base needs a CUDA GPU", f"{wanted}; this machine trains on {device}", hint, key=KEY
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


def why_not(kind: str, cuda: bool) -> str:
    """Why no base can be quantized under a method on a machine; empty where one can."""
    if not kinds.is_adapter(kind):
        return "it is for a frozen base under an adapter: method.kind lora, ..."
    return "" if cuda else "it needs a CUDA GPU, and this machine has none"


def fits(kind: str) -> bool:
    """Whether an adapter works on a quantized base: it has layers for that, or touches no layer."""
    return kind in kinds.PROMPT_LEARNING or find_spec(f"peft.tuners.{kind.replace('-', '_')}.bnb") is not None


def options(model: ModelConfig, device: str) -> dict[str, Any]:
    """Arguments of `from_pretrained` that load the weights in few bits; none where they shall not be, or cannot."""
    if model.quantization is None or device != "cuda":
        return {}
    import torch
    from transformers import BitsAndBytesConfig

    compute = torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    config = (
        BitsAndBytesConfig(load_in_8bit=True)
        if model.quantization == "int8"
        else BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=compute,
        )
    )
    return {"quantization_config": config, "device_map": {"": torch.cuda.current_device()}}
