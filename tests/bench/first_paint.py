"""How long `finetui` takes to its first paint, beside an app of the same library that shows nothing."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench.measure import Measurement, OnTerminal

PAIRS = 11
EMPTY = "from textual.app import App; App().run()"
CTRL_Q = b"\x11"


def first_paint() -> list[Measurement]:
    """Medians over interleaved pairs: the machine slows both alike. The first pair only warms caches."""
    finetui, empty = [], []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(PAIRS):
            empty.append(_seconds([sys.executable, "-c", EMPTY], home))
            finetui.append(_seconds([str(Path(sys.executable).with_name("finetui"))], home))
    ratio = median(finetui[1:]) / median(empty[1:])
    return [
        Measurement("first paint of an empty Textual app", median(empty[1:]), "s"),
        Measurement("first paint of finetui", median(finetui[1:]), "s"),
        Measurement("first paint ratio", ratio, "times", "at most 1.5", ratio <= 1.5),
    ]


def _seconds(command: list[str], home: str) -> float:
    app = OnTerminal(command, {"FINETUI_RUNS": home, "XDG_STATE_HOME": home})
    app.wait_until(lambda: app.painted is not None)
    app.end(CTRL_Q)
    assert app.painted is not None
    return app.painted - app.begun
