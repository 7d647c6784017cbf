"""A loss of one's own: a function of the model's outputs and the labels."""

from __future__ import annotations

from typing import Any

import torch

from core import user_code
from core.errors import FinetuiError, RunFailure, first_line
from core.training import failures

KEY = "loss"


class OwnLoss:
    """Calls the function; what goes wrong in it is said as its own failure, not as one of finetui or of a library.

    It is not tried on made-up values: what is right for them says nothing of the real ones.
    """

    def __init__(self, name: str) -> None:
        self._function = user_code.load(name, KEY)
        self._name = name
        self._short = name.rpartition(":")[2]
        if not user_code.takes(self._function, 2, "num_items_in_batch"):
            raise FinetuiError(
                f"{self._short} does not take (outputs, labels, num_items_in_batch=None)",
                f"{KEY}: {name}",
                f"write it as def {self._short}(outputs, labels, num_items_in_batch=None): ...",
                key=KEY,
            )

    def __call__(self, outputs: Any, labels: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """The loss of a batch.

        Raises:
            RunFailure: the function failed, or gave something else.
        """
        try:
            loss = self._function(outputs, labels, num_items_in_batch=num_items_in_batch)
        except Exception as error:  # whatever the code does
            if failures.is_out_of_memory(error):
                raise
            said = f"{type(error).__name__}: {first_line(error)}"
            raise self._failure(f"the loss {self._short} failed", said) from error
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            given = f"of shape {list(loss.shape)}" if isinstance(loss, torch.Tensor) else type(loss).__name__
            wanted = "return a tensor of one number, with which gradients can be computed"
            raise self._failure(f"the loss {self._short} gives no number", f"it gave a value {given}", wanted)
        return loss

    def _failure(self, title: str, said: str, hint: str = "") -> RunFailure:
        hint = hint or "mend it; its traceback stands in the run's events and log"
        return RunFailure(title, f"{KEY}: {self._name}; {said}", hint, key=KEY)
