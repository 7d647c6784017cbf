"""Open the app, and see its run out when the screen is gone."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from core.errors import FinetuiError
from tui import terminal
from tui.shell.log import log_file

if TYPE_CHECKING:
    from core.config import RunConfig
    from tui.training_thread import RunFunction, TrainingThread


def open_app(
    runs: Path | None = None,
    open_run: Path | None = None,
    start: RunConfig | None = None,
    demo: str | None = None,
    train: RunFunction | None = None,
    resume: Path | None = None,
) -> int:
    """Run the app on this terminal until it is left and its run, if it has one, is over.

    Args: as FinetuiApp.

    Returns:
        The exit code for `end`.
    """
    gc.disable()  # nothing that starting makes is garbage; the warm-up turns it on again at its end
    terminal.take_over(log_file())
    from tui.app import FinetuiApp

    app = FinetuiApp(runs, open_run, start, demo, train, resume)
    terminal.on_signals(hang_up=app.way_out.leave, terminate=app.way_out.stop_and_leave)
    # A loop of our own: asyncio.run would wait for the threads that still load something.
    app.run(loop=asyncio.new_event_loop())
    code = app.return_code or 0
    if code:
        terminal.say(f"finetui met a defect of its own; the traceback is in {log_file()}")
    if app.own_run.thread is not None:
        code = code or _see_out(app.own_run.thread)
    terminal.give_back()
    return code


def _see_out(thread: TrainingThread) -> int:
    """Wait until the run is over. Ctrl+C and SIGTERM still stop it, a hang-up does not."""
    from core.events import RunFailed

    name = thread.folder.path.name
    if thread.is_alive():
        terminal.on_signals(hang_up=lambda: None, terminate=partial(_stop, thread))
        terminal.say(f"{name} trains on in this process ({os.getpid()}); this shell waits for it.")
        terminal.say("Ctrl+C stops and saves it. Closing the terminal does not end it. From another terminal:")
        terminal.say(f"  finetui attach {name}")
        while thread.is_alive():
            thread.join(1.0)  # a join without limit would hold signals up on some versions of Python
        terminal.say(f"{name}: {_ending(thread)}")
    outcome = thread.outcome
    if not isinstance(outcome, RunFailed):
        return 0
    if outcome.exit_code == FinetuiError.exit_code and not thread.resume:
        thread.folder.discard()  # bad input: nothing was trained
    return outcome.exit_code


def _stop(thread: TrainingThread) -> None:
    try:
        thread.stop()
    except FinetuiError as error:
        terminal.say(str(error))


def _ending(thread: TrainingThread) -> str:
    from core.events import RunFailed
    from tui.live import ending

    outcome, said = thread.outcome, ending(thread.outcome)
    if isinstance(outcome, RunFailed):
        return "\n  ".join(line for line in (said, outcome.detail, outcome.hint) if line)
    return f"{said} · {outcome.run}" if outcome is not None else said


def end(code: int) -> NoReturn:
    """End the process without waiting for threads that only warm up imports, or load what nobody waits for any more."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)
