"""Which tokens a masked language model has to guess: drawn for each batch, without the run's random numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DataCollatorForLanguageModeling

from core.tasks.base import IGNORED


@dataclass
class Masking(DataCollatorForLanguageModeling):
    """The library's collator, with a generator of its own for each batch.

    What it draws follows from `seed`, `epoch` and the tokens of the batch. So a row is masked anew in each epoch and
    in each other company, an evaluation is masked alike each time, a resumed run goes on as the one that was not
    stopped, dropout is what it would be without masks, and the inspector shows the very masks that training draws.

    Attributes:
        epoch: of the training; None for an evaluation.
    """

    epoch: int | None = None

    def torch_call(self, examples: list[Any]) -> dict[str, Any]:
        ids = [example["input_ids"] for example in examples]
        self.generator = torch.Generator().manual_seed(_number(self.seed, self.epoch, ids))
        batch: dict[str, Any] = super().torch_call(examples)
        return batch

    def torch_mask_tokens(
        self, inputs: Any, special_tokens_mask: Any | None = None, offset_mapping: Any | None = None
    ) -> tuple[Any, Any]:
        """Where chance masks nothing in the whole batch, one token is masked all the same: the loss over no token is
        NaN, and so would be every weight after it."""
        before = inputs.clone()
        masked, labels = super().torch_mask_tokens(inputs, special_tokens_mask, offset_mapping)
        if not bool((labels != IGNORED).any()):
            special = torch.isin(before, torch.tensor(self.tokenizer.all_special_ids))
            places = (~special).nonzero()
            if len(places):
                row, position = places[torch.randint(len(places), (), generator=self.generator)].tolist()
                masked[row, position] = self.tokenizer.mask_token_id
            else:  # of texts without a token, the one that they begin with
                row, position = 0, 0
            labels[row, position] = before[row, position]
        return masked, labels


def _number(seed: int | None, epoch: int | None, ids: Sequence[Sequence[int]]) -> int:
    """A seed of 63 bits."""
    said = hashlib.blake2b(f"{seed} {epoch}".encode(), digest_size=8)
    for row in ids:
        said.update(b"|" + torch.as_tensor(row, dtype=torch.int64).numpy().tobytes())
    return int.from_bytes(said.digest(), "big") >> 1
