"""How much memory a run needs, from the architecture alone: no weights are loaded, nothing is computed.

Three steps on the longest batch run on fake tensors, which have shapes and number formats but no memory, and every
storage is counted from the operation that makes it to the one that frees it. From the second step on the optimizer has
its state, and after it the engine lets the C library keep what is freed (`core.training.keep_freed`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.methods import quantized
from core.methods.apply import apply
from core.methods.sizes import size
from core.training import checkpointing, keep_freed, schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import torch
    from transformers import PreTrainedModel, TrainingArguments

    from core.training.prepare import Checked

STEPS = keep_freed.STEPS + 1
RUNTIME = 11 * 2**20
"""Bytes, measured on the CPU with three models: loading one and making a Trainer leave 7 MiB, and MKL keeps the buffers
that it packs matrices into, of 4 MiB and more."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes, and the number formats they are in (`float32`, or `bfloat16 + float32`)."""

    bytes: int
    dtype: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What the training of a model holds at its peak; the process around it is not counted.

    Attributes:
        weights: those of the model, and of the frozen copies that the task holds beside it.
        activations: what the peak holds beyond the other three: what the backward pass needs of the forward pass, and
            what is made and thrown away on the way; None where the architecture cannot be followed.
        heap: bytes that the C library keeps of what was freed on the way, because others lie behind it; on the CPU.
        runtime: bytes that are no tensors; on the CPU.
    """

    parameters: int
    trainable: int
    weights: Part
    gradients: Part
    optimizer: Part
    activations: Part | None
    heap: int = 0
    runtime: int = 0

    @property
    def total(self) -> int | None:
        if self.activations is None:
            return None
        parts = (self.weights, self.gradients, self.optimizer, self.activations)
        return sum(part.bytes for part in parts) + self.heap + self.runtime


def estimate(checked: Checked, arguments: TrainingArguments, batch: dict[str, Any]) -> Memory:
    """The memory of a run whose largest batch is `batch`, as the collator gives it.

    Raises:
        FinetuiError: the method does not fit the model.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode

    model, saved = _model(checked)
    loss_of = checked.task.loss_of(model, arguments)  # a library may move the model: fake tensors would resist
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        _fake(model, checked.precision.device)
        counted = size(model)
        weights = _part([*model.parameters(), *model.buffers()])
        copies = 1 + checked.task.frozen_copies(checked.config)
        held = replace(weights, bytes=(weights.bytes - saved) * copies)
        if saved:
            held = replace(held, dtype=f"{checked.config.model.quantization} + float32")
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        gradients = _part(trained)
        try:
            peak, heap, state = _steps(
                checked, arguments, model, loss_of, {name: mode.from_tensor(t) for name, t in batch.items()}
            )
        except Exception:  # an architecture or optimizer that looks at values: they are not there
            moments = 2 * sum(parameter.numel() for parameter in trained) * 4
            return Memory(counted.total, counted.trainable, held, gradients, Part(moments, "float32"), None)
    rest = max(0, peak - weights.bytes - gradients.bytes - state.bytes)
    runtime = RUNTIME if checked.precision.device == "cpu" else 0
    formats = checked.precision.autocast or checked.precision.weights
    return Memory(counted.total, counted.trainable, held, gradients, state, Part(rest, formats), heap, runtime)


def _model(checked: Checked) -> tuple[PreTrainedModel, int]:
    """The model as it is trained, and the bytes that it holds less where its base is quantized."""
    import torch
    import transformers

    auto = getattr(transformers, checked.task.auto_class)
    architecture = checked.architecture
    for name, value in checked.task.model_options().items():
        setattr(architecture, name, value)
    with torch.device("meta"):
        model = auto.from_config(architecture, dtype=checked.precision.dtype())
        quantization = checked.config.model.quantization
        saved = quantized.saved(model, quantization) if quantization else 0
        steps = schedule.planned_steps(checked.config.training, len(checked.train))
        return apply(model, checked.config.method, checked.task.peft_task_type, steps), saved


def _fake(model: PreTrainedModel, device: str) -> None:
    """Put fake tensors of that device in the place of the parameters and buffers, shared ones in all their places.

    A model that is made of them from the start cannot take an adapter: that moves parameters, which fake ones resist.
    """
    import torch

    made: dict[int, Any] = {}
    for module in model.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                fake = torch.empty_like(parameter, device=device)
                made.setdefault(id(parameter), torch.nn.Parameter(fake, parameter.requires_grad))
                module._parameters[name] = made[id(parameter)]
        for name, buffer in module._buffers.items():
            if buffer is not None:
                made.setdefault(id(buffer), torch.empty_like(buffer, device=device))
                module._buffers[name] = made[id(buffer)]


def _steps(
    checked: Checked,
    arguments: TrainingArguments,
    model: PreTrainedModel,
    loss_of: Callable[[dict[str, torch.Tensor]], torch.Tensor],
    batch: dict[str, Any],
) -> tuple[int, int, Part]:
    """The peak of the steps in bytes, what the heap keeps beyond it, and the optimizer's state."""
    import torch
    from transformers import Trainer

    from core.training.preflight.live_bytes import LiveBytes

    device, autocast = checked.precision.device, checked.precision.autocast
    model.train()
    if arguments.activation_checkpointing:
        checkpointing.enable(model, arguments.activation_checkpointing_kwargs)
        if checked.config.method.kind != "full":
            model.enable_input_require_grads()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    made, options = Trainer.get_optimizer_cls_and_kwargs(arguments, model)
    optimizer = made(trained, **options)
    live = LiveBytes([*model.parameters(), *model.buffers()])
    with live:
        inputs = {name: tensor.to(device) for name, tensor in batch.items()}
        for step in range(STEPS):
            dtype = getattr(torch, autocast) if autocast else None
            with torch.autocast(device, dtype=dtype, enabled=autocast is not None):
                loss = loss_of(inputs)
            loss.backward()
            del loss
            if arguments.max_grad_norm:
                torch.nn.utils.clip_grad_norm_(trained, arguments.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
            if step + 1 == keep_freed.STEPS:
                live.heap.keep_freed()
    state = [value for entry in optimizer.state.values() for value in entry.values()]
    heap = max(0, live.before + live.heap.peak - live.peak) if device == "cpu" else 0
    return live.peak, heap, _part([value for value in state if isinstance(value, torch.Tensor)])


def _part(tensors: Iterable[torch.Tensor]) -> Part:
    """The bytes of tensors, those of a shared storage once."""
    sizes: dict[str, int] = {}
    seen: set[int] = set()
    for tensor in tensors:
        if id(tensor) not in seen:
            seen.add(id(tensor))
            name = str(tensor.dtype).removeprefix("torch.")
            sizes[name] = sizes.get(name, 0) + math.prod(tensor.shape) * tensor.element_size()
    formats = sorted(sizes, key=lambda name: -sizes[name])
    large = [name for name in formats if sizes[name] > 0.001 * sum(sizes.values())]
    return Part(sum(sizes.values()), " + ".join(large))
