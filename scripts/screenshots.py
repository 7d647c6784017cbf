"""Make the pictures of the README from a real run: `make screenshots`, or `screenshots.py RUN` for a run there is.

Without RUN the demo `cities` is trained first. The pictures are SVGs that load nothing from elsewhere.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from core import demo
from core.events import RunFinished
from core.runs.folder import RunFolder
from core.training import engine
from tui.app import FinetuiApp

DOCS = Path(__file__).resolve().parents[1] / "docs"
SIZE = (124, 34)
"""Columns and lines of the pictured terminal."""
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def train(runs: Path) -> Path:
    """Train the demo and give its folder."""
    config = demo.prepare("cities")
    folder = RunFolder.create(runs, config)
    outcome = engine.run(config, folder)
    if not isinstance(outcome, RunFinished):
        raise SystemExit(f"the demo failed: {outcome.title}")
    return folder.path


async def picture_monitor(run: Path) -> None:
    """The Monitor on a run, as docs/monitor.svg."""
    app = FinetuiApp(runs=run.parent, open_run=run)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(3.0)
        svg = app.export_screenshot(title="finetui")
    (DOCS / "monitor.svg").write_text(FONT_FACE.sub("", svg), encoding="utf-8")


def main() -> None:
    """Train if need be, then paint."""
    with tempfile.TemporaryDirectory() as runs:
        run = Path(sys.argv[1]) if len(sys.argv) > 1 else train(Path(runs))
        asyncio.run(picture_monitor(run.absolute()))


main()
