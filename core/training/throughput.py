"""How many rows and tokens go through the training: in a second, and in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Throughput:
    """Counts what the batches hold.

    Tokens are added up where the batches lie and fetched when the loss is fetched too: no step waits for a device.

    Args:
        processes: how many train, each on batches of its own.
    """

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._rows = self._tokens = 0
        self._unfetched: Any = 0
        self._logged = 0
        self._since = 0.0

    def begin(self, seconds: float, tokens: int = 0) -> None:
        """Count anew.

        Args:
            seconds: how long the steps have taken so far.
            tokens: trained so far: those before the run was resumed.
        """
        self._rows = self._unfetched = 0
        self._tokens = self._logged = tokens
        self._since = seconds

    def add(self, batches: Iterable[Any]) -> None:
        """Count batches as the collator made them: tensors, the first dimension of each is the row."""
        for batch in batches:
            if not isinstance(batch, Mapping):
                continue
            names = [name for name in batch if name.endswith("input_ids")]  # of pairs each text has its own
            self._rows += len(batch[names[0]]) if names else 0
            for name in names:
                self._unfetched = self._unfetched + _tokens(batch[name], batch.get(f"{name[:-9]}attention_mask"))

    def tokens(self) -> int:
        """The tokens trained so far; pads are not counted. Waits for the device that has the last of them."""
        self._tokens += int(self._unfetched) * self._processes
        self._unfetched = 0
        return self._tokens

    def take(self, seconds: float) -> dict[str, float]:
        """Rows and tokens a second since the last call; empty where nothing was counted.

        Args:
            seconds: how long the steps have taken so far; evaluations, checkpoints and pauses left out.
        """
        passed, rows = seconds - self._since, self._rows * self._processes
        tokens = self.tokens() - self._logged
        self.begin(seconds, self._tokens)
        if not rows or passed <= 0:
            return {}
        found = {"samples_per_second": rows / passed}
        if tokens:
            found["tokens_per_second"] = tokens / passed
        return found


def _tokens(ids: Any, mask: Any) -> Any:
    """How many tokens the model reads: those that the attention mask lets through, a tensor of one number."""
    return mask.sum() if mask is not None and mask.shape == ids.shape else ids.numel()
