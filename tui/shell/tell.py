"""`finetui tell`: a command for a run that trains, in whatever process it does."""

from __future__ import annotations

from pathlib import Path

from core import commands
from core.errors import FinetuiError
from core.runs import folder
from core.runs.state import LIVE
from core.runs.store import RunStore, summarize
from tui.follow import RunFollower
from tui.shell.errors import DONE


def tell(run: str, command: str, runs: Path | None) -> int:
    """Append the command to the run's inbox. Returns the exit code."""
    parsed = commands.parse(command)
    path = RunStore.default(runs).find(run)
    status = summarize(path).status
    if status not in LIVE:
        raise FinetuiError(
            f"{path.name} does not train", f"it is {status.replace('_', ' ')}", "finetui runs lists them"
        )
    follower = RunFollower(path)
    follower.replay()
    when = follower.when([parsed])
    folder.tell(path, parsed)
    print(f"told {path.name}: {command} ({when})")
    return DONE
