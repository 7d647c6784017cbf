"""While a run lives: readings of the machine, and what libraries warn of, as events."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.errors import FinetuiError
from core.events import HardwareRead, Level
from core.runs import history
from core.runs.folder import RunFolder
from core.training.reporter import Reporter

READ_SECONDS = 2.0
LIBRARIES = ("transformers", "peft", "accelerate", "datasets", "evaluate", "torch", "huggingface_hub")
NOBODYS = (
    "LOAD REPORT",  # what was made anew while loading is said by the engine, in a line
    "This checkpoint seem corrupted",  # a head that is made anew, once more
    "Token indices sequence length is longer",  # rows are cut afterwards, or go through the model in windows
    "`is_gradient_checkpointing` is deprecated",  # TRL asks for it, whatever a run sets
)
"""Beginnings, or parts, of what libraries say to programmers: a person who trains can do nothing about it."""
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class NoticeHandler(logging.Handler):
    """Hands warnings on as notices, each text once."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__(logging.WARNING)
        self._reporter = reporter
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.say(record.getMessage(), "error" if record.levelno >= logging.ERROR else "warning", record.name)

    def say(self, message: str, level: Level, source: str) -> None:
        """Pass on one text; `source` is a module's name."""
        text = ANSI.sub("", message).strip()
        if text not in self._said and not any(part in text for part in NOBODYS):
            self._said.add(text)
            with contextlib.suppress(FinetuiError):  # a full disk ends the run elsewhere
                self._reporter.notice(text, level, source.partition(".")[0])


@contextlib.contextmanager
def warnings_to(handler: NoticeHandler) -> Iterator[None]:
    """What Python's own `warnings.warn` lets through is passed on too, and goes where it went before."""
    before = warnings.showwarning

    def show(message: Any, category: type[Warning], filename: str, *place: Any, **options: Any) -> None:
        handler.say(f"{category.__name__}: {message}", "warning", _package(filename))
        before(message, category, filename, *place, **options)

    warnings.showwarning = show
    try:
        yield
    finally:
        if warnings.showwarning is show:  # else somebody has put another in its place meanwhile
            warnings.showwarning = before


def _package(filename: str) -> str:
    """The package that a file belongs to."""
    parts = Path(filename).parts
    at = parts.index("site-packages") + 1 if "site-packages" in parts else len(parts) - 1
    return parts[at].removesuffix(".py") if at < len(parts) else "python"


@contextlib.contextmanager
def watching(folder: RunFolder, reporter: Reporter, read: Callable[[Path], HardwareRead]) -> Iterator[None]:
    """Read the machine every READ_SECONDS and pass on warnings, until the block ends.

    A long run gets a short cut to its events from time to time: whoever opens it waits for what came since.
    """
    done = threading.Event()

    def watch() -> None:
        with contextlib.suppress(FinetuiError):  # a full disk ends the run elsewhere
            shortened = 0
            while True:
                folder.emit(read(folder.path))
                shortened = history.shorten(folder.path, shortened, history.SELDOM)
                if done.wait(READ_SECONDS):
                    return

    handler = NoticeHandler(reporter)
    thread = threading.Thread(target=watch, name="finetui-hardware")
    thread.start()
    for name in LIBRARIES:
        logging.getLogger(name).addHandler(handler)
    try:
        with warnings_to(handler):
            yield
    finally:
        for name in LIBRARIES:
            logging.getLogger(name).removeHandler(handler)
        done.set()
        thread.join()
