"""A thread for one call. What runs torch goes through here, not through the event loop's pool of threads.

A thread that has computed with torch keeps its OpenMP workers until it ends. Threads of a pool do not end, and as
soon as all workers together outnumber the cores, OpenMP lets them sleep between any two operations: a training
beside such a thread was a third slower, even though the thread did nothing any more.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_own_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the function returns, or raises. Cancelled, this stops waiting; the thread goes on to its end."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if answer.cancelled():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = function(*args, **kwargs)
        except BaseException as raised:
            error = raised
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # the app is gone, and its loop
            return

    threading.Thread(target=run, name=f"once: {function.__qualname__}").start()
    return await answer
