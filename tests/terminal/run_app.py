"""The app on this terminal, its engine without torch: `run_app.py RUNS idle | break | imports | train [STEPS]`."""

from __future__ import annotations

import gc
import sys
import threading
import time
from pathlib import Path

from fake_engine import FakeEngine

from core.config import DataConfig, ModelConfig, RunConfig
from tui.launch import end, open_app

CONFIG = RunConfig(
    name="slow",
    model=ModelConfig(id="tiny"),
    data=DataConfig(files={"train": "train.csv"}),
)


def import_as_long_as_it_is_wished(folder: Path) -> None:
    """The warm-up begins at once, as beside a run, and lasts until `folder`/painted is there."""
    from tui import warm_up

    def said(file: str) -> None:
        (folder / file).write_text("on" if gc.isenabled() else "off", encoding="utf-8")

    def preload() -> None:
        while not (folder / "painted").exists():
            time.sleep(0.05)
        said("meanwhile")

    def see_its_end() -> None:
        warm_up.wait()
        said("afterwards")

    warm_up.preload, warm_up.MODULES = preload, ()
    warm_up.plan()
    threading.Thread(target=see_its_end, daemon=True).start()


if __name__ == "__main__":
    runs, what = Path(sys.argv[1]), sys.argv[2]
    engine = FakeEngine(steps=int(sys.argv[3]) if len(sys.argv) > 3 else 100)
    if what == "break":
        from tui.way_out import WayOut

        WayOut._look_at_terminal = lambda self: 1 / 0  # type: ignore[assignment, return-value]
    if what == "imports":
        import_as_long_as_it_is_wished(runs.parent)
    end(open_app(runs, start=CONFIG if what == "train" else None, train=engine))
