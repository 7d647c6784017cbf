"""How many bytes of tensors are alive, followed through every operation."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from core.training.preflight.heap import Heap

RECORDS = (24, 40)
"""Bytes of what an operation of the forward pass writes down about itself and keeps until it was run backwards.

Traced: an operation makes about two blocks of under 64 bytes that live so long, in the room between two tensors; then
two tensors that are freed side by side make no gap for a third as large. Larger records make no difference.
"""


class LiveBytes(TorchDispatchMode):
    """Counts, while it lasts, the storages that operations bring forth, each once and until it is freed.

    Args:
        before: what is there already.

    Attributes:
        before: bytes that were there already.
        now: bytes alive.
        peak: the most there were.
        heap: what a process on the CPU keeps for those that operations bring forth.
    """

    def __init__(self, before: Iterable[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = 0
        self.peak = 0
        self.heap = Heap()
        self._known = WeakIdKeyDictionary()
        self._records: list[list[int]] = []
        for tensor in before:
            storage = tensor.untyped_storage()
            if storage not in self._known:
                self._known[storage] = True
                self.now += storage.nbytes()
        self.before = self.now

    def _add(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        size = storage.nbytes()
        self._known[storage] = True
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._free, size, self.heap.take(size)).atexit = False

    def _free(self, size: int, address: int) -> None:
        self.now -= size
        self.heap.give(address)

    def _note(self) -> None:
        """Take what an operation writes down about itself while a graph is made; give it back as that is run."""
        if torch.is_grad_enabled():
            self._records.append([self.heap.take(size, aligned=False) for size in RECORDS])
        elif self._records:
            for address in self._records.pop():
                self.heap.give(address)

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        self._note()
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._add(leaf.untyped_storage())
        return result
