"""The app on this terminal, with an engine that needs no torch: `run_app.py RUNS [idle | train | break]`."""

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
    end(open_app(runs, start=None if what == "idle" else CONFIG, train=engine))
