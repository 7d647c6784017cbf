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
)


_thread = threading.Thread(target=lambda: _import_all(), name="warm-up", daemon=True)


def start() -> None:
    """Begin, in a daemon thread: leaving the app does not wait for it. For the main thread, once."""
    terminal.start_resource_tracker()
    _thread.start()


def wait() -> None:
    """Let it end: two threads that import the same large library can meet half of it."""
    if _thread.is_alive():
        _thread.join()


def _import_all() -> None:
    # What is imported stays: to look for garbage among it would only hold the event loop up.
    gc.disable()
    with terminal.short_switch_interval():
        preload()
        for name in MODULES:
            with contextlib.suppress(ImportError):  # whoever needs it will say so
                importlib.import_module(name)
    gc.freeze()
    gc.enable()
