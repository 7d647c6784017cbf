"""A run as it learns: how far it is, its curves, what to know, and its log, samples, classes, output or machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import DataTable, Static
from textual.worker import get_current_worker

from core import commands
from tui import keys, metrics
from tui.screens.steering import SteeringScreen
from tui.text import one_line
from tui.widgets.card_grid import CardGrid
from tui.widgets.progress_line import ProgressLine
from tui.widgets.run_panes import Pane, RunPanes

if TYPE_CHECKING:
    from tui.follow import RunFollower

EMPTY = "No run to watch yet.\n\nF2 opens data\nF3 sets up a run\nF6 lists the runs and starts the demo"
POLL_SECONDS = 0.1
PAINT_SECONDS = 0.5
"""Between two paintings of a run that just goes on: each takes milliseconds from the training, on few cores."""
KEY_SECONDS = 0.2
"""After a key such a painting waits: the next key would queue behind it. Not for longer than `LATE_SECONDS` in all."""
LATE_SECONDS = 1.0
OWNER_POLLS = 10
"""Whether the trainer lives is looked at once in so many polls."""
MESSAGE_LINES = 5
"""More than these leave room for one row of cards in 24 lines."""
ROOM_FOR_CARDS = 16
"""Lines of a terminal in which cards stand beside samples, output or machine too."""


class MonitorScreen(SteeringScreen):
    """The run that was asked for, else the newest: read in a thread, then followed."""

    MODE = "monitor"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("monitor")
    CSS_PATH = "monitor.tcss"

    def __init__(self) -> None:
        super().__init__()
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall"), (48, "-very-tall")]
        self._polls = 0
        self._painted = 0.0
        self._typed = 0.0
        self._stale = False
        self._answer = ""
        self._valid: tuple[object, ...] = ()
        self._said: dict[str, Content] = {}

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="monitor-head"):
            yield Static(id="monitor-name")
            yield Static(id="monitor-made-of")
        yield ProgressLine()
        yield Static(id="monitor-message")
        yield CardGrid()
        yield RunPanes()
        yield Static(Content(EMPTY), id="monitor-empty")

    def on_mount(self) -> None:
        self.set_interval(POLL_SECONDS, self._poll)
        self.set_class(True, "-empty")

    def on_screen_resume(self) -> None:
        if self.run is None:
            self._watch_newest()
        else:
            self._paint(self.run)

    @property
    def _panes(self) -> RunPanes:
        return self.query_one(RunPanes)

    # which run

    def watch_run(self, run: Path) -> None:
        """Show this run from now on."""
        if self.run is None or self.run.path != run:
            self._replay(run)

    # These wait for their thread instead of being one: a thread goes on when another run is asked for, and would show
    # its own run in the end.

    @work(exclusive=True, group="replay")
    async def _watch_newest(self) -> None:
        folders = await asyncio.to_thread(self.finetui.store.folders)
        if folders:
            await self._read(folders[0])

    @work(exclusive=True, group="replay")
    async def _replay(self, run: Path) -> None:
        await self._read(run)

    async def _read(self, run: Path) -> None:
        worker = get_current_worker()

        def report(share: float) -> None:
            if not worker.is_cancelled:
                self.app.call_later(self._reading, run.name, share)

        found = await asyncio.to_thread(_follow, run, report)
        if found is not None:
            await self._show_run(found)

    def catch_up(self, run: Path) -> None:
        """Read what this run has said, before its folder goes."""
        if self.run is not None and self.run.path == run and self.is_attached:
            while self.run.poll():
                pass
            self._paint(self.run)

    def _reading(self, name: str, share: float) -> None:
        """A run so long that it takes a while: the first time, by whoever opens it first."""
        if self.is_attached:
            self.run = None
            self.set_class(True, "-empty")
            self.query_one("#monitor-empty", Static).update(Content(f"reading {one_line(name)}: {100 * share:.0f} %"))

    async def _show_run(self, run: RunFollower) -> None:
        if not self.is_attached:  # the app was left while the run was read
            return
        self.run = run
        self._polls = 0
        cards = self.query_one(CardGrid)
        await cards.clear()
        if not cards.is_attached:
            return
        self.set_class(False, "-empty")
        self._panes.open(run.path)
        self._make_room()
        self.refresh_bindings()
        self._paint(run)

    # painting

    def _poll(self) -> None:
        run = self.run
        if run is None or not self.is_attached:
            return
        before = _standing(run)
        self._polls += 1
        if self._polls % OWNER_POLLS == 0:
            run.look_for_owner()
        self._stale |= run.poll()
        turned = before != _standing(run)
        if not self.is_current:
            return
        if turned or run.answer != self._answer or (self._stale and self._is_time_to_paint()):
            self._paint(run)
        self._panes.read_output()

    def _is_time_to_paint(self) -> bool:
        now = time.monotonic()
        since = now - self._painted
        return since >= LATE_SECONDS or (since >= PAINT_SECONDS and now - self._typed >= KEY_SECONDS)

    def _paint(self, run: RunFollower) -> None:
        from tui import run_words

        self._painted, self._stale, self._answer = time.monotonic(), False, run.answer
        name, made_of = run_words.headline(run)
        message = run_words.message(run)
        self.set_class(_lines(message, self.size.width - 2) > MESSAGE_LINES, "-crowded")
        self._say("#monitor-name", name)
        self._say("#monitor-made-of", Content(made_of))
        self._say("#monitor-message", message)
        self.query_one(ProgressLine).shown = run_words.progress(run)
        self.query_one(CardGrid).show(metrics.shown(run.curves), run.curves, run.changed)
        run.changed.clear()
        self._panes.paint(run.state)
        counted = run.state.classes is not None
        valid = (run.status, run.will_pause, run.takes_stop, run.takes_commands, run.state.has_model, counted)
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

    def on_key(self) -> None:
        self._typed = time.monotonic()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        run, log = self.run, self._panes.log_in_sight
        if action in ("output", "samples", "machine", "zoom"):
            return run is not None
        if action == "classes":
            return run is not None and run.state.classes is not None
        if action in ("search", "turn_level", "follow"):
            return run is not None and log is not None
        if action in ("match", "leave_search"):
            return log is not None and (bool(log.searched) or self._panes.search.is_open)
        if action == "take_up":
            return run is not None and run.can_resume and self.finetui.live is None
        if action == "chat":
            return run is not None and run.state.has_model
        return super().check_action(action, parameters)

    def told(self) -> None:
        if self.run is not None:
            self._paint(self.run)

    def _asked(self, command: commands.Sample | None) -> None:
        super()._asked(command)
        if command is not None:
            self._bring("samples")

    def action_chat(self) -> None:
        if self.run is not None:
            self.finetui.chat_with(str(self.run.path))

    def action_take_up(self) -> None:
        if self.run is not None:
            self.finetui.resume_run(self.run.path)

    def action_zoom(self) -> None:
        if self.run is not None:
            chosen = self.query_one(CardGrid).focused
            self.finetui.open_chart([self.run], metric=chosen.name if chosen is not None else None)

    def action_output(self) -> None:
        self._turn("output")

    def action_samples(self) -> None:
        self._turn("samples")

    def action_classes(self) -> None:
        self._turn("classes")

    def action_machine(self) -> None:
        self._turn("machine")

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        from tui.screens.sample_dialogs import SampleDialog

        chosen = self._panes.samples.chosen
        if chosen is not None:
            self.app.push_screen(SampleDialog(chosen))

    def action_search(self) -> None:
        if self._panes.log_in_sight is not None:
            self._panes.search.open(self._panes.log_in_sight)

    def action_leave_search(self) -> None:
        self._panes.search.leave()

    def action_match(self, by: Literal[1, -1]) -> None:
        if self._panes.log_in_sight is not None:
            self._panes.log_in_sight.step(by)

    def action_turn_level(self) -> None:
        if self._panes.log_in_sight is not None:
            self._panes.log_in_sight.turn_level()

    def action_follow(self) -> None:
        if self._panes.log_in_sight is not None:
            self._panes.log_in_sight.follow()

    def _turn(self, pane: Pane) -> None:
        """Bring a pane in sight; where it is already, the log."""
        self._bring("log" if self._panes.pane == pane else pane)

    def _bring(self, pane: Pane) -> None:
        self._panes.show(pane)
        self._make_room()
        if self.run is not None:
            self._panes.paint(self.run.state)
        self.refresh_bindings()

    def on_resize(self) -> None:
        self._make_room()

    def _make_room(self) -> None:
        """The cards leave where a pane needs their lines. Not by a class: that has every widget styled again."""
        pane = self._panes.pane
        room = pane == "log" or (pane != "classes" and self.size.height >= ROOM_FOR_CARDS)
        self.query_one(CardGrid).styles.display = None if room else "none"


def _lines(text: Content, width: int) -> int:
    """How many lines a text takes, about: words may break earlier."""
    return sum(max(1, -(-line.cell_length // max(1, width))) for line in text.split("\n")) if text else 0


def _standing(run: RunFollower) -> tuple[object, ...]:
    """What is painted at once where it changes."""
    return run.status, run.state.phase, len(run.pending), len(run.state.log)


def _follow(run: Path, report: Callable[[float], None]) -> RunFollower | None:
    """For a thread: imports, and a file of any length. None where the run was discarded in the meantime."""
    from tui.follow import RunFollower

    if not run.exists():
        return None
    follower = RunFollower(run)
    follower.replay(report)
    return follower
