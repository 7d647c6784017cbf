"""finetui with a clock in its event loop: every 5 ms, how late is it? `ticking_app.py FILE ARGUMENTS...`"""

from __future__ import annotations

import asyncio
import atexit
import json
import sys
import time
from pathlib import Path

INTERVAL = 0.005

ticks: list[tuple[float, float]] = []


class TickingPolicy(asyncio.DefaultEventLoopPolicy):
    """Loops that note (unix time, seconds late) of a callback that is due every INTERVAL."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = super().new_event_loop()

        def tick(due: float) -> None:
            ticks.append((time.time(), loop.time() - due))
            due = max(due + INTERVAL, loop.time())
            loop.call_at(due, tick, due)

        loop.call_soon(tick, loop.time())
        return loop


if __name__ == "__main__":
    file = Path(sys.argv.pop(1))
    atexit.register(lambda: file.write_text(json.dumps(ticks)))
    asyncio.set_event_loop_policy(TickingPolicy())
    from tui.__main__ import main

    main()
