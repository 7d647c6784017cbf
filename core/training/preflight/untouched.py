"""A model, and random states, that are as they were after something was tried."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@contextlib.contextmanager
def random_states() -> Iterator[None]:
    """Afterwards every generator of the process goes on as if nothing had been drawn."""
    python, numbers = random.getstate(), np.random.get_state()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numbers)


@contextlib.contextmanager
def untouched(model: PreTrainedModel) -> Iterator[None]:
    """Afterwards the weights, the buffers, the modes and all random states are those of before, and there are no
    gradients. What is trained is kept in the machine's own memory meanwhile: the device stays free for the trial."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    changing: list[torch.Tensor] = list(itertools.chain(trained, model.buffers()))
    kept = [tensor.detach().to("cpu", copy=True) for tensor in changing]
    modes = {module: module.training for module in model.modules()}
    with random_states():
        try:
            yield
        finally:
            with torch.no_grad():
                for tensor, values in zip(changing, kept, strict=True):
                    tensor.copy_(values)
            model.zero_grad(set_to_none=True)
            for module, mode in modes.items():
                module.training = mode
