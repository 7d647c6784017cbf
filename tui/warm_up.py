"""Imports what will be needed soon, when the first screen is painted: seconds that nobody then waits for."""

from __future__ import annotations

import contextlib
import gc
import importlib
import threading

from tui import terminal
from tui.preload import preload

MODULES = (
    "core.config_file",
    "core.runs.store",
    "tui.screens.monitor",
    "tui.screens.datasets",
    "tui.screens.configure",
    "tui.screens.chat",
    "datasets",
    "torch",
    "transformers",
    "core.training.engine",
    # The engine imports these when it gets to them; here the screen stays quick meanwhile.
    "core.training.prepare",
    "core.models",
    "core.training.trainer",
    "evaluate",
    # The options of an adapter, for the form.
    "peft",
)


_thread = threading.Thread(target=lambda: _import_all(), name="warm-up", daemon=True)
_lock = threading.Lock()
_planned = False


def plan() -> None:
    """It will be started soon; whoever waits before that starts it. For the main thread."""
    global _planned
    terminal.start_resource_tracker()
    _planned = True


def start() -> None:
    """Begin, in a daemon thread: leaving the app does not wait for it."""
    with _lock:
        if _thread.ident is None:
            _thread.start()


def wait(seconds: float | None = None) -> bool:
    """Let it end, before anything of transformers is imported in another thread: that would meet half of it.

    Returns at once where none is planned, as in tests.

    Args:
        seconds: how long at most.

    Returns:
        Whether it is over.
    """
    if _planned:
        start()
        _thread.join(seconds)
    return not _planned or not _thread.is_alive()


def _import_all() -> None:
    # What is imported stays: to look for garbage among it would only hold the event loop up.
    gc.disable()
    try:
        with terminal.short_switch_interval():
            preload()
            for name in MODULES:
                with contextlib.suppress(ImportError):  # whoever needs it will say so
                    importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()
