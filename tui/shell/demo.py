"""`finetui demo`: the Monitor on a built-in run; without a screen, train it and try the model."""

from __future__ import annotations

from pathlib import Path

from core.errors import FinetuiError
from core.runs.store import RunStore
from tui import terminal
from tui.launch import open_app
from tui.shell.command import command
from tui.shell.errors import DONE
from tui.shell.log import log_file
from tui.shell.predict import print_predictions
from tui.shell.streams import Streams, has_terminal
from tui.shell.train import run_here


def demo(name: str, runs: Path | None, json: bool) -> int:
    """Show or train a demo. Returns the exit code."""
    from core.demo import DEMOS

    if name not in DEMOS:
        raise FinetuiError(f"there is no demo {name}", "finetui demo", f"the demos are: {', '.join(DEMOS)}")
    if has_terminal() and not json:
        return open_app(runs, demo=name)
    return _in_shell(name, runs, json)


def _in_shell(name: str, runs: Path | None, json: bool) -> int:
    from core.demo import DEMOS, prepare

    streams = Streams.take()
    streams.say(f"demo {name}: {DEMOS[name].summary}")
    with terminal.output_to(log_file()):
        config = prepare(name)
    ended = run_here(config, RunStore.default(runs).root, streams, json)
    if ended.code == DONE and not json:
        print(file=streams.out)
        print_predictions(ended.path, DEMOS[name].inputs, streams)
        streams.say(f"talk to it yourself: {command()} predict {ended.path.name} TEXT")
    return ended.code
