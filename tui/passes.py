"""A pass over all rows of a dataset, in a thread, with its progress on the status line, until its end or until Esc."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from core.data.chunks import Cancelled, Watch
from tui.widgets.status_line import StatusLine

T = TypeVar("T")
LOOK_SECONDS = 0.1


class Passes:
    """One pass at a time; another one ends that before.

    Args:
        status: says what is done and how far.
    """

    def __init__(self, status: StatusLine) -> None:
        self.status = status
        self._wanted: object = None
        self._shown: object = None

    @property
    def goes(self) -> bool:
        """Whether one is on its way."""
        return self._shown is not None

    def cancel(self) -> None:
        """End it after the rows that it is at."""
        self._wanted = None

    async def run(self, what: str, function: Callable[[Watch], T]) -> T:
        """What `function` gives back; it is called in a thread, with what it tells its progress to.

        Raises:
            Cancelled: it was ended.
        """
        me = self._wanted = self._shown = object()
        far = (0, 0)

        def watch(done: int, total: int) -> None:
            nonlocal far
            if self._wanted is not me:
                raise Cancelled
            far = done, total

        def show() -> None:
            done, total = far
            percent = f"  {100 * done // total} %" if total else ""
            self.status.busy = f"{what}{percent}  (Esc stops)"

        show()
        timer = self.status.set_interval(LOOK_SECONDS, show)
        try:
            return await asyncio.to_thread(function, watch)
        except asyncio.CancelledError:
            if self._wanted is me:
                self.cancel()
            raise
        finally:
            timer.stop()
            if self._shown is me:
                self._shown = None
                self.status.busy = ""
