"""Collators that draw: what they draw in a training follows from its epoch, in an evaluation from none."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch.utils.data import DataLoader

Collator = TypeVar("Collator")


def of_training(collator: Collator) -> Collator:
    """The collator of a training: its own where it draws, so that evaluations in between hear of no epochs."""
    return copy.copy(collator) if hasattr(collator, "epoch") else collator


def tell(batches: DataLoader[object], epoch: int) -> None:
    """Tell the collator of a training which epoch begins, before a worker gets its copy."""
    if hasattr(batches.collate_fn, "epoch"):
        batches.collate_fn.epoch = epoch
