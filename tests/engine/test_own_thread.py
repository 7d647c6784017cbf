"""A call in a thread of its own: what it brings back, and that it leaves no thread of torch's behind."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
import torch

from tui.own_thread import in_own_thread


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def compute() -> float:
    """Enough for torch to share it among its workers."""
    return float(torch.ones(4_000_000).exp().sum())


def test_result_and_error_come_back() -> None:
    async def both() -> None:
        assert await in_own_thread(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await in_own_thread(divmod, 7, 0)

    asyncio.run(both())


def test_whoever_stops_waiting_is_not_told() -> None:
    go = threading.Event()

    async def leave() -> None:
        waiting = asyncio.ensure_future(in_own_thread(go.wait))
        await asyncio.sleep(0.01)
        waiting.cancel()
        go.set()
        await asyncio.sleep(0.05)
        assert waiting.cancelled()

    asyncio.run(leave())


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts the threads of a process as Linux lists them")
@pytest.mark.skipif(torch.get_num_threads() < 2, reason="torch has one core here, so it starts no workers")
def test_torch_leaves_no_workers_behind() -> None:
    async def count() -> tuple[int, int, int]:
        before = threads()
        await in_own_thread(compute)
        deadline = time.monotonic() + 5
        while threads() > before and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        after = threads()
        await asyncio.to_thread(compute)  # what the pool would keep
        return before, after, threads()

    before, after, kept = asyncio.run(count())
    assert after == before
    assert kept > before + 1  # the pool's thread, and its worker
