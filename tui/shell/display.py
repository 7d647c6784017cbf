"""The three ways in which the shell draws a run: a live bar, plain lines, JSON lines."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from core import events
from core.runs.state import RunState
from tui.fold import folded
from tui.shell.streams import Streams
from tui.shell.wording import figures, milestones
from tui.text import one_line

BAR = 20
"""Characters of the bar."""


class JsonLines:
    """Every event as it stands in events.jsonl, on stdout."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def show(self, new: Sequence[events.Event], state: RunState) -> None:
        try:
            for event in new:
                print(events.to_json(event), file=self._streams.out)
            self._streams.out.flush()
        except OSError as error:
            # The reader left (`| head`), or the disk is full: the run is worth more than its echo.
            self._streams.drop_out()
            if not isinstance(error, BrokenPipeError):
                self.note(f"warning: no more events on stdout: {error.strerror}")

    def note(self, text: str) -> None:
        self._streams.say(text)

    def close(self) -> None:
        pass


class PlainLines:
    """A line per milestone and per tenth of the training: for logs, where a bar that moves is noise."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._tenth = -1
        self._loss: float | None = None
        self._waiting: events.Progress | None = None
        """A line that is due; the loss of its step is said after it."""

    def show(self, new: Sequence[events.Event], state: RunState) -> None:
        for event in new:
            if isinstance(event, events.RunStarted):
                self._tenth = -1
            elif isinstance(event, events.StepLogged):
                if self._waiting is not None and (event.step or 0) > self._waiting.done:
                    self._say_waiting()
                self._loss = event.metrics.get("loss", self._loss)
            if not isinstance(event, events.HardwareRead):  # that comes at any time
                self._say_waiting()
            for line in milestones(event):
                self._streams.say(line)
            if isinstance(event, events.Progress) and event.phase == "training" and event.total:
                self._progress(event)

    def note(self, text: str) -> None:
        self._streams.say(text)

    def close(self) -> None:
        self._say_waiting()

    def _progress(self, event: events.Progress) -> None:
        tenth = 10 * event.done // event.total
        if tenth > self._tenth:
            self._tenth = tenth
            self._waiting = event

    def _say_waiting(self) -> None:
        event, self._waiting = self._waiting, None
        if event is not None:
            filled = BAR * event.done // event.total
            self._streams.say(f"training [{'#' * filled}{'.' * (BAR - filled)}] {figures(event, self._loss)}")


class LiveBar:
    """A bar that moves on stderr, with milestones above it."""

    def __init__(self, streams: Streams) -> None:
        self._console = Console(file=streams.err, stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=BAR),
            _Figures(),
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("starting", total=None, figures="")
        self._bar.start()

    def show(self, new: Sequence[events.Event], state: RunState) -> None:
        for event in new:
            for line in milestones(event):
                self.note(line)
        progress = state.progress
        self._bar.update(
            self._task,
            description=state.phase or "starting",
            completed=progress.done if progress else 0,
            total=progress.total if progress else None,
            figures=figures(progress, state.latest("loss")) if progress else one_line(state.detail, 40),
        )
        with contextlib.suppress(OSError):
            self._bar.refresh()

    def note(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._console.print(Text(folded(text, self._console.file)), soft_wrap=True)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._bar.stop()


class _Figures(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(str(task.fields["figures"]), no_wrap=True, overflow="ellipsis")
