"""`python -m core.training RUN_FOLDER`: train a run in a process of its own."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from core import commands, config_file
from core.events import RunFinished
from core.runs import folder, layout
from core.training import engine


def main(path: Path) -> int:
    """Train a run whose folder and config are there. SIGTERM stops it with a checkpoint; a hang-up does not."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: folder.tell(path, commands.Stop()))
    loaded = config_file.load(path / layout.CONFIG)
    outcome = engine.run(loaded.config, folder.RunFolder(path))
    return 0 if isinstance(outcome, RunFinished) else outcome.exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).absolute()))
