"""How many rows and tokens go through the training in a second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Throughput:
    """Counts what the batches hold, from one log to the next.

    Tokens are added up where the batches lie and fetched when the loss is fetched too: no step waits for a device.
    """

    def __init__(self) -> None:
        self._rows = 0
        self._tokens: Any = 0
        self._since = 0.0

    def add(self, batches: Iterable[Any]) -> None:
        """Count batches as the collator made them: tensors, the first dimension of each is the row."""
        for batch in batches:
            if isinstance(batch, Mapping) and "input_ids" in batch:
                self._rows += len(batch["input_ids"])
                self._tokens = self._tokens + _tokens(batch)

    def begin(self, seconds: float) -> None:
        """Count anew; `seconds` is how long the steps have taken so far."""
        self._rows, self._tokens, self._since = 0, 0, seconds

    def take(self, seconds: float, processes: int) -> dict[str, float]:
        """Rows and tokens a second since the last call; empty where nothing was counted.

        Args:
            seconds: how long the steps have taken so far; evaluations, checkpoints and pauses left out.
            processes: how many train, each on batches of its own.
        """
        passed, rows, tokens = seconds - self._since, self._rows, float(self._tokens)
        self.begin(seconds)
        if not rows or passed <= 0:
            return {}
        found = {"samples_per_second": rows * processes / passed}
        if tokens:
            found["tokens_per_second"] = tokens * processes / passed
        return found


def _tokens(batch: Mapping[str, Any]) -> Any:
    """How many tokens the model reads: those that the attention mask lets through, a tensor of one number."""
    ids, mask = batch["input_ids"], batch.get("attention_mask")
    return mask.sum() if mask is not None and mask.shape == ids.shape else ids.numel()
