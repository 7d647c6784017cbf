"""A run as it learns: how far it is, its curves, what to know, what was said; and the keys that steer it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from core import commands
from core.errors import FinetuiError
from tui import keys, metrics
from tui.output_tail import OutputTail
from tui.screens.base import FinetuiScreen
from tui.text import one_line
from tui.widgets.card_grid import CardGrid
from tui.widgets.progress_line import ProgressLine
from tui.widgets.run_log import RunLog

if TYPE_CHECKING:
    from core.events import HardwareRead
    from tui.follow import RunFollower

EMPTY = "No run to watch yet.\n\nF2 opens data\nF3 sets up a run\nF6 lists the runs and starts the demo"
POLL_SECONDS = 0.1
PAINT_SECONDS = 0.5
"""Between two paintings of a run that just goes on: each takes milliseconds from the training, on few cores."""
OWNER_POLLS = 10
"""Whether the trainer lives is looked at once in so many polls."""


class MonitorScreen(FinetuiScreen):
    MODE = "monitor"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("monitor")
    CSS_PATH = "monitor.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]
        self._run: RunFollower | None = None
        self._output: OutputTail | None = None
        self._logged = 0
        self._polls = 0
        self._painted = 0.0
        self._stale = False
        self._valid: tuple[object, ...] = ()
        self._said: dict[str, Content] = {}
        self._hardware: HardwareRead | None = None

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="monitor-head"):
            yield Static(id="monitor-name")
            yield Static(id="monitor-made-of")
        yield ProgressLine()
        yield Static(id="monitor-message")
        yield CardGrid()
        yield RunLog(id="monitor-log")
        yield RunLog(id="monitor-output")
        yield Static(Content(EMPTY), id="monitor-empty")

    def on_mount(self) -> None:
        for name, title in (("#monitor-log", "log"), ("#monitor-output", "output.log")):
            self.query_one(name).border_title = title
        self.query_one("#monitor-output").display = False
        self.set_interval(POLL_SECONDS, self._poll)
        self.set_class(True, "-empty")

    def on_screen_resume(self) -> None:
        if self._run is None:
            self._watch_newest()
        else:
            self._paint(self._run)

    # which run

    def watch_run(self, run: Path) -> None:
        """Show this run from now on."""
        if self._run is None or self._run.path != run:
            self._replay(run)

    @work(thread=True, exclusive=True, group="replay")
    def _watch_newest(self) -> None:
        folders = self.finetui.store.folders()
        if folders:
            self._read(folders[0])

    @work(thread=True, exclusive=True, group="replay")
    def _replay(self, run: Path) -> None:
        self._read(run)

    def _read(self, run: Path) -> None:
        """In a thread: imports, and a file of any length."""
        from tui.follow import RunFollower

        def report(share: float) -> None:
            self.app.call_later(self._reading, run.name, share)

        follower = RunFollower(run)
        follower.replay(report)
        self.app.call_later(self._show_run, follower)

    def _reading(self, name: str, share: float) -> None:
        """A run so long that it takes a while: the first time, by whoever opens it first."""
        if self.is_attached:
            self._run = None
            self.set_class(True, "-empty")
            self.query_one("#monitor-empty", Static).update(Content(f"reading {one_line(name)}: {100 * share:.0f} %"))

    async def _show_run(self, run: RunFollower) -> None:
        if not self.is_attached:  # the app was left while the run was read
            return
        self._run, self._output = run, None
        self._logged = self._polls = 0
        for log in self.query(RunLog):
            log.clear()
        cards = self.query_one(CardGrid)
        await cards.clear()
        if not cards.is_attached:
            return
        self.set_class(False, "-empty")
        self._show_output(False)
        self._paint(run)

    # painting

    def _poll(self) -> None:
        run = self._run
        if run is None or not self.is_attached:
            return
        before = (run.status, run.state.phase, len(run.pending), len(run.state.log))
        self._polls += 1
        if self._polls % OWNER_POLLS == 0:
            run.look_for_owner()
        self._stale |= run.poll()
        turned = before != (run.status, run.state.phase, len(run.pending), len(run.state.log))
        if self.is_current and (turned or (self._stale and time.monotonic() - self._painted >= PAINT_SECONDS)):
            self._paint(run)
        if self._output is not None and self.is_current:
            text = self._output.read()
            if text:
                self.query_one("#monitor-output", RunLog).add_text(text)

    def _paint(self, run: RunFollower) -> None:
        from tui import run_words

        self._painted, self._stale = time.monotonic(), False
        name, made_of = run_words.headline(run)
        message = run_words.message(run)
        self._say("#monitor-name", name)
        self._say("#monitor-made-of", Content(made_of))
        self._say("#monitor-message", message)
        self.query_one(ProgressLine).shown = run_words.progress(run)
        self.query_one(CardGrid).show(metrics.shown(run.curves), run.curves, run.changed)
        run.changed.clear()
        log = self.query_one("#monitor-log", RunLog)
        log.add(run.state.log[self._logged :])
        self._logged = len(run.state.log)
        if run.state.hardware is not self._hardware:
            self._hardware = run.state.hardware
            log.border_subtitle = Content(run_words.machine(run.state))
        valid = (run.status, run.takes_stop, run.takes_commands, self._has_model(run))
        if valid != self._valid:
            self._valid = valid
            self.refresh_bindings()

    def _say(self, place: str, content: Content) -> None:
        """Write in one of the lines at the top; a text that stands there already costs no layout."""
        if self._said.get(place) != content:
            self._said[place] = content
            line = self.query_one(place, Static)
            line.display = bool(content)
            line.update(content)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the run can be told now is a key."""
        run = self._run
        if action in ("output", "zoom"):
            return run is not None
        if action == "chat":
            return run is not None and self._has_model(run)
        if action in ("pause", "resume"):
            return run is not None and run.takes_commands and (run.status == "paused") == (action == "resume")
        if action in ("save", "evaluate", "halve_rate", "double_rate"):
            return run is not None and run.takes_commands
        if action == "stop":
            return run is not None and run.takes_stop
        return super().check_action(action, parameters)

    def action_pause(self) -> None:
        self._tell(commands.Pause())

    def action_resume(self) -> None:
        self._tell(commands.Resume())

    def action_save(self) -> None:
        self._tell(commands.Save())

    def action_evaluate(self) -> None:
        self._tell(commands.Evaluate())

    def action_halve_rate(self) -> None:
        self._scale_rate(0.5)

    def action_double_rate(self) -> None:
        self._scale_rate(2.0)

    def action_stop(self) -> None:
        from tui.screens.dialogs import ConfirmDialog

        def answered(answer: str | None) -> None:
            if answer == "yes":
                self._tell(commands.Stop())

        line = "It finishes its step, saves a checkpoint and ends. What it learned so far is kept."
        self.app.push_screen(ConfirmDialog("Stop this run?", line, "Stop it"), answered)

    def action_chat(self) -> None:
        if self._run is not None:
            self.finetui.chat_with(str(self._run.path))

    def action_zoom(self) -> None:
        if self._run is not None:
            chosen = self.query_one(CardGrid).focused
            self.finetui.open_chart([self._run], metric=chosen.name if chosen is not None else None)

    def action_output(self) -> None:
        self._show_output(self._output is None)

    def _tell(self, command: commands.Command) -> None:
        if self._run is not None:
            self._run.tell(command)
            self._paint(self._run)

    def _scale_rate(self, factor: float) -> None:
        rate = self._run.learning_rate if self._run is not None else None
        if not rate:
            raise FinetuiError(
                "the learning rate is not known yet", "no step was logged so far", "wait for the first loss"
            )
        self._tell(commands.SetLearningRate(float(f"{rate * factor:.4g}")))

    def _show_output(self, show: bool) -> None:
        self._output = OutputTail(self._run.path / "output.log") if show and self._run is not None else None
        log, output = self.query_one("#monitor-log", RunLog), self.query_one("#monitor-output", RunLog)
        log.display, output.display = not show, show
        output.clear()
        (output if show else log).focus()

    def _has_model(self, run: RunFollower) -> bool:
        return run.state.finished is not None or bool(run.state.checkpoints)
