"""`finetui train`: a run in a thread of this process, with a bar, lines or JSON."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from core.config import RunConfig
from core.config_file import LoadedConfig
from core.errors import FinetuiError
from core.events import RunFailed, RunFinished
from core.runs import layout
from core.runs.folder import RunFolder
from core.runs.store import RunStore
from tui import advice_words
from tui.figures import duration
from tui.shell import named_config
from tui.shell.command import as_argument, command
from tui.shell.display import JsonLines, LiveBar, PlainLines
from tui.shell.errors import DONE, FAILED, INTERRUPTED, USAGE, located, report
from tui.shell.follow import Aborted, Display, follow
from tui.shell.signals import Signals
from tui.shell.streams import Streams
from tui.shell.summary import print_metrics
from tui.training_thread import TrainingThread


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its exit code, and its folder."""

    code: int
    path: Path


def train(file: Path, settings: list[str], runs: Path | None, json: bool) -> int:
    """Train what the file says. Returns the exit code."""
    loaded = named_config.load(file, settings)
    streams = Streams.take()
    ended = run_here(loaded.config, RunStore.default(runs).root, streams, json, loaded)
    if ended.code == DONE and not json:
        streams.say(f"talk to it: {command()} predict {ended.path.name} {asked_with(ended.path)}")
    return ended.code


def asked_with(run: Path) -> str:
    """What a run's model takes, as one writes it in a shell: TEXT, or two texts with a tab between."""
    from core import config_file, tasks

    config = config_file.load(run / layout.CONFIG).config
    return as_argument(tasks.task_class(config.task).asked(config.data.columns))


def run_here(config: RunConfig, runs: Path, streams: Streams, json: bool, loaded: LoadedConfig | None = None) -> Ended:
    """Make a run folder and train in it.

    Raises:
        FinetuiError: the run's folder cannot be made.
    """
    return train_in(RunFolder.create(runs, config), config, streams, json, loaded)


def train_in(
    folder: RunFolder,
    config: RunConfig,
    streams: Streams,
    json: bool,
    loaded: LoadedConfig | None = None,
    resume: bool = False,
) -> Ended:
    """Train in a thread of this process, show it until it is over, and print how it ended.

    Args:
        resume: go on from the folder's last checkpoint; what the run said before is not shown again.
    """
    thread = TrainingThread(config, folder, resume=resume)
    begin = folder.events_size()
    with Signals(streams) as signals:
        thread.start()
        try:
            state = follow(folder.path, display_for(streams, json), thread.is_alive, signals, begin=begin)
        except Aborted:
            _abort(folder, streams)
        except BaseException:
            thread.stop()  # a defect of the display; it is reported when fds 1 and 2 are the shell's own again
            raise
        finally:
            thread.join()
    outcome = thread.outcome
    code = conclude(outcome, folder.path, streams, loaded, advice_words.no_number(state))
    if code == USAGE and not resume:
        folder.discard()
    if isinstance(outcome, RunFinished):
        if not json:
            print_metrics(streams.out, outcome.metrics, state.baselines)
        if outcome.reason == "stopped" and signals.interrupts:
            code = INTERRUPTED
    return Ended(code, folder.path)


def display_for(streams: Streams, json: bool) -> Display:
    """The display that fits where the output goes."""
    if json:
        return JsonLines(streams)
    return LiveBar(streams) if streams.err.isatty() and os.environ.get("TERM") != "dumb" else PlainLines(streams)


def conclude(
    outcome: RunFinished | RunFailed | None,
    run: Path,
    streams: Streams,
    loaded: LoadedConfig | None = None,
    trouble: str = "",
) -> int:
    """Say on stderr how a run ended and return the exit code that this means.

    Args:
        trouble: that and why nothing was learnt to its end.
    """
    if isinstance(outcome, RunFinished):
        how = f"{outcome.reason.replace('_', ' ')} after {duration(outcome.seconds)}"
        streams.say(f"✗ {how}, but {trouble}: {run}" if trouble else f"{how}: {run}")
        return DONE
    if outcome is None:
        report(FinetuiError("the run ended without a word", str(run / layout.OUTPUT), "read that file"), streams.err)
        return FAILED
    hint = outcome.hint or f"finetui show {run.name} prints the traceback"
    error = FinetuiError(outcome.title, outcome.detail or str(run), hint, key=outcome.key)
    report(located(error, loaded) if loaded else error, streams.err)
    return outcome.exit_code


def _abort(folder: RunFolder, streams: Streams) -> NoReturn:
    """Leave at once. The training thread cannot be ended from outside, so the process ends under it."""
    report(FinetuiError("aborted", str(folder.path), "what was saved before stays there"), streams.err)
    os._exit(INTERRUPTED)
