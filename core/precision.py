"""Number formats: which dtype the weights are loaded in, and whether the forward pass is autocast.

Weights that are trained, and the optimizer's state, stay float32: a step of 5e-6 is lost in bfloat16's 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from core.methods import kinds

if TYPE_CHECKING:
    import torch

    from core.config import Dtype
    from core.methods.kinds import MethodKind


@dataclass(frozen=True, slots=True)
class Precision:
    """How numbers are held: `weights` is a torch dtype's name, `autocast` that of the forward pass if it differs."""

    weights: str
    autocast: str | None
    device: str
    note: str = ""

    def dtype(self) -> torch.dtype:
        import torch

        return getattr(torch, self.weights)  # type: ignore[no-any-return]

    def arguments(self) -> dict[str, Any]:
        """The `TrainingArguments` that say the same."""
        return {f"{'bf' if self.autocast == 'bfloat16' else 'fp'}16": True} if self.autocast else {}

    def __str__(self) -> str:
        frozen = "frozen base" if self.weights != "float32" else "weights"
        return f"{self.weights} {frozen}" + (f", {self.autocast} autocast" if self.autocast else "")


def device_name() -> str:
    """cuda, mps or cpu: what the Trainer will use."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def has_bf16_units(device: str) -> bool:
    """Whether the device multiplies bfloat16 in hardware; elsewhere it is emulated, dozens of times slower."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def resolve(dtype: Dtype, method: MethodKind, checkpoint_dtype: str | None, device: str, units: bool) -> Precision:
    """The number formats of a run.

    Args:
        dtype: as configured. `auto` is bfloat16 autocast on a GPU with the units, else float32.
        checkpoint_dtype: what the weights were saved in; a frozen base keeps it where that is bfloat16.
        units: whether the device has bfloat16 units.

    Raises:
        FinetuiError: float16 on a device that has no use for it.
    """
    if dtype == "float16":
        if device != "cuda":
            raise FinetuiError(
                "float16 needs a CUDA device", f"this machine trains on {device}", "set model.dtype: float32"
            )
        return Precision("float32", "float16", device)
    wanted = dtype == "bfloat16" or (dtype == "auto" and device == "cuda")
    if wanted and units:
        frozen = kinds.is_adapter(method) and (dtype == "bfloat16" or checkpoint_dtype == "bfloat16")
        return Precision("bfloat16" if frozen else "float32", "bfloat16", device)
    note = ""
    if dtype == "bfloat16":
        note = f"bfloat16 was asked for, but this {device} has no units for it: everything is float32"
    elif dtype == "auto" and checkpoint_dtype == "bfloat16":
        note = f"the checkpoint is bfloat16; on this {device} everything is float32"
    return Precision("float32", None, device, note)


def overruled(found: Precision, bf16: bool | None, fp16: bool | None, units: bool) -> Precision:
    """The formats where `training.bf16` or `training.fp16` says something of its own; None where it says nothing.

    Args:
        units: whether the device has bfloat16 units.

    Raises:
        FinetuiError: float16 on a device that has no use for it.
    """
    if fp16 and found.device != "cuda":
        raise FinetuiError(
            "float16 needs a CUDA device",
            f"training.fp16: true; this machine trains on {found.device}",
            "leave it out, or set training.bf16: true"
            if units
            else f"leave it out: this {found.device} has no bfloat16 units either, everything is float32",
            key="training.fp16",
        )
    if bf16 or fp16:
        return replace(found, autocast="bfloat16" if bf16 else "float16")
    turned_off = (bf16 is False and found.autocast == "bfloat16") or (fp16 is False and found.autocast == "float16")
    return replace(found, autocast=None) if turned_off else found
