"""While a run lives: readings of the machine, and what libraries warn of, as events."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from core.errors import FinetuiError
from core.events import HardwareRead
from core.runs.folder import RunFolder
from core.training.reporter import Reporter

READ_SECONDS = 2.0
LIBRARIES = ("transformers", "peft", "accelerate", "datasets", "evaluate")

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class NoticeHandler(logging.Handler):
    """Hands warnings on as notices, each text once."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__(logging.WARNING)
        self._reporter = reporter
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = ANSI.sub("", record.getMessage()).strip()
        # What was made anew while loading is said by the engine, in a line.
        if text not in self._said and "LOAD REPORT" not in text:
            self._said.add(text)
            level = "error" if record.levelno >= logging.ERROR else "warning"
            with contextlib.suppress(FinetuiError):  # a full disk ends the run elsewhere
                self._reporter.notice(text, level, record.name.partition(".")[0])  # type: ignore[arg-type]


@contextlib.contextmanager
def watching(folder: RunFolder, reporter: Reporter, read: Callable[[Path], HardwareRead]) -> Iterator[None]:
    """Read the machine every READ_SECONDS and pass on warnings, until the block ends."""
    done = threading.Event()

    def watch() -> None:
        with contextlib.suppress(FinetuiError):  # a full disk ends the run elsewhere
            while True:
                folder.emit(read(folder.path))
                if done.wait(READ_SECONDS):
                    return

    handler = NoticeHandler(reporter)
    thread = threading.Thread(target=watch, name="finetui-hardware")
    thread.start()
    for name in LIBRARIES:
        logging.getLogger(name).addHandler(handler)
    try:
        yield
    finally:
        for name in LIBRARIES:
            logging.getLogger(name).removeHandler(handler)
        done.set()
        thread.join()
