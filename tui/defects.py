"""What happens when the app itself is at fault: the traceback goes to the log, the person gets a calm screen."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual._context import active_message_pump
from textual.dom import DOMNode, NoScreen
from textual.screen import Screen

from tui import terminal
from tui.screens.base import FinetuiScreen

if TYPE_CHECKING:
    from tui.app import FinetuiApp


def handle(app: FinetuiApp, error: BaseException, handler_died: bool) -> None:
    """Log a defect and say so. A screen whose message handler died answers no more: it is closed and made anew.

    Args:
        handler_died: whether a message handler raised it, and not a worker.
    """
    terminal.write_log("".join(traceback.format_exception(error)))
    pump = active_message_pump.get(None)
    if handler_died and pump is app:
        app.exit(return_code=1)
    else:
        mode = _mode_of(app, pump) if handler_died else None
        app.call_later(_recover, app, mode)


def _mode_of(app: FinetuiApp, pump: object) -> str | None:
    if not isinstance(pump, DOMNode):
        return None
    try:
        screen = pump.screen
    except NoScreen:
        return None
    stacks = {mode: app.get_screen_stack(mode) for mode in app.open_modes}
    return next((mode for mode, stack in stacks.items() if screen in stack), None)


async def _recover(app: FinetuiApp, mode: str | None) -> None:
    from tui.screens.dialogs import DefectDialog

    if mode is not None:
        failed = app.get_screen_stack(mode)[0]
        kept = failed.kept() if isinstance(failed, FinetuiScreen) else None
        if app.current_mode == mode:
            await app.switch_mode("monitor" if mode == "runs" else "runs")
        app.remove_mode(mode)
        make = cast("Callable[[], Screen[Any]]", app.MODES[mode])
        app.add_mode(mode, partial(_make_again, make, kept))
    app.push_screen(DefectDialog(terminal.log_path(), mode is not None))


def _make_again(make: Callable[[], Screen[Any]], kept: object) -> Screen[Any]:
    """The screen anew, with what stood in the one that failed."""
    screen = make()
    if kept is not None and isinstance(screen, FinetuiScreen):
        screen.take_kept(kept)
    return screen
