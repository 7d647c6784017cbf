"""A look between two weights while a checkpoint is loaded: `from_pretrained` itself cannot be told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def between_weights(look: Callable[[int, int], None]) -> Iterator[None]:
    """While the block lasts, call `look(done, total)` before each weight that this thread loads.

    What `look` raises breaks the loading off. Bars of other threads, and bars over anything else, stay as they are.
    """
    from transformers.utils import logging

    thread = threading.get_ident()

    def hook(factory: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if threading.get_ident() == thread and args and "weights" in str(kwargs.get("desc")):
            args = (_Looked(args[0], look), *args[1:])
        if before is not None:
            return before(factory, args, kwargs)
        return factory(*args, **kwargs)

    before = logging.set_tqdm_hook(hook)
    try:
        yield
    finally:
        logging.set_tqdm_hook(before)


class _Looked:
    """A sized iterable that calls `look` before each of its items."""

    def __init__(self, items: Any, look: Callable[[int, int], None]) -> None:
        self._items = items
        self._look = look

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        for done, item in enumerate(self._items):
            self._look(done, len(self))
            yield item
