"""`python -m core.training RUN_FOLDER`: train a run in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from core import commands, config_file
from core.events import RunFinished
from core.runs import folder, layout
from core.training import allocator, engine


def main(path: Path) -> int:
    """Train a run whose folder and config are there. SIGTERM stops it with a checkpoint; a hang-up does not."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _on_sigterm(path)
    loaded = config_file.load(path / layout.CONFIG)
    outcome = engine.run(loaded.config, folder.RunFolder(path))
    return 0 if isinstance(outcome, RunFinished) else outcome.exit_code


def _on_sigterm(path: Path) -> None:
    """Let SIGTERM tell the run to stop; a process that was forked from this one, as for a pool, just ends of it."""
    process = os.getpid()

    def told_to_end(number: int, frame: FrameType | None) -> None:
        if os.getpid() == process:
            folder.tell(path, commands.Stop())
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, told_to_end)


if __name__ == "__main__":
    allocator.use_one_arena()
    sys.exit(main(Path(sys.argv[1]).absolute()))
