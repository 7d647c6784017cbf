"""Driving the app in a test: start it, wait for what it does in threads, read what stands on the screen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tui.app import FinetuiApp

PATIENCE = 60.0
"""Seconds after which something that a test waits for is taken not to come: libraries load slowly on a busy machine."""


@asynccontextmanager
async def driven(runs: Path, *keys: str, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    """The app on a screen of this size, after these keys."""
    async with FinetuiApp(runs=runs).run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        yield pilot


async def until(pilot: Pilot[int], holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"waited in vain; the screen is\n{text(pilot)}"
        await pilot.pause(0.02)
    await pilot.pause()


async def until_shown(pilot: Pilot[int], *wanted: str) -> None:
    """Wait until all of this stands on the screen."""
    await until(pilot, lambda: all(part in text(pilot) for part in wanted))


def text(pilot: Pilot[int]) -> str:
    """The screen as lines of text."""
    width, height = pilot.app.size
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines[:height]) or " " * width


async def type_in(pilot: Pilot[int], line: str, *then: str) -> None:
    """Type a line, then press keys."""
    await pilot.press(*(_key(char) for char in line), *then)


def _key(char: str) -> str:
    return {" ": "space", "\n": "enter", "\t": "tab"}.get(char, char)
