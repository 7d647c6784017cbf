"""The same work on many pieces, in as many threads as there are cores. Worth it where the work lets go of the GIL."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

MOST = 4
"""Threads: what is read from one file gains nothing from more."""

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def in_order(work: Callable[[Piece], Result], pieces: Iterable[Piece]) -> Iterator[Result]:
    """The results of `work` in the order of the pieces. Few pieces more than there are threads wait at any time.

    What `work` or `pieces` raises is raised here, after the threads have ended.
    """
    threads = min(MOST, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads, "pieces") as pool:
        waiting: deque[Future[Result]] = deque()
        for piece in pieces:
            waiting.append(pool.submit(work, piece))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
