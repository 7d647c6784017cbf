"""The app on this terminal, with an engine that needs no torch: `run_app.py RUNS idle | break | train [STEPS]`."""

from __future__ import annotations

import sys
from pathlib import Path

from fake_engine import FakeEngine

from core.config import DataConfig, ModelConfig, RunConfig
from tui.launch import end, open_app

CONFIG = RunConfig(
    name="slow",
    model=ModelConfig(id="tiny"),
    data=DataConfig(files={"train": "train.csv"}),
)

if __name__ == "__main__":
    runs, what = Path(sys.argv[1]), sys.argv[2]
    engine = FakeEngine(steps=int(sys.argv[3]) if len(sys.argv) > 3 else 100)
    if what == "break":
        from tui.way_out import WayOut

        WayOut._look_at_terminal = lambda self: 1 / 0  # type: ignore[assignment, return-value]
    end(open_app(runs, start=CONFIG if what == "train" else None, train=engine))
