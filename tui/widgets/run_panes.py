"""What stands below the cards of a run, one at a time: its log, what libraries printed, its samples, its classes,
the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from core.runs import layout
from tui.output_tail import OutputTail
from tui.widgets.class_table import ClassTable
from tui.widgets.log_search import LogSearch
from tui.widgets.machine_pane import MachinePane
from tui.widgets.run_log import RunLog
from tui.widgets.sample_table import SampleTable

if TYPE_CHECKING:
    from core.events import HardwareRead
    from core.runs.state import RunState

Pane = Literal["log", "output", "samples", "classes", "machine"]


class RunPanes(Vertical):
    """`open` takes a run, `paint` what came of it since; only the pane in sight costs anything.

    Attributes:
        pane: which one is in sight.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pane: Pane = "log"
        self._tail: OutputTail | None = None
        self._logged = 0
        self._hardware: tuple[HardwareRead | None, bool] = None, False

    def compose(self) -> ComposeResult:
        yield RunLog("log", id="monitor-log")
        yield RunLog(layout.OUTPUT, id="monitor-output")
        yield SampleTable(id="monitor-samples")
        yield ClassTable()
        yield MachinePane()
        yield LogSearch()

    def on_mount(self) -> None:
        self.query_one(SampleTable).border_title = "samples"
        for name, widget in self._panes().items():
            widget.display = name == "log"

    @property
    def log_in_sight(self) -> RunLog | None:
        """The log that is in sight."""
        shown = self._panes()[self.pane]
        return shown if isinstance(shown, RunLog) else None

    @property
    def samples(self) -> SampleTable:
        return self.query_one(SampleTable)

    @property
    def search(self) -> LogSearch:
        return self.query_one(LogSearch)

    def open(self, path: Path) -> None:
        """Begin with the run in this folder."""
        self._logged, self._hardware = 0, (None, False)
        self._tail = OutputTail(path / layout.OUTPUT)
        for log in self.query(RunLog):
            log.clear()
        self.show("log")

    def show(self, pane: Pane) -> None:
        """Bring one of them in sight, with the focus. What it shows comes with the next `paint`."""
        self.search.leave()
        self.pane = pane
        for name, widget in self._panes().items():
            widget.display = name == pane
        if pane == "output" and self._tail is not None and self._tail.begins_anew():
            self.query_one("#monitor-output", RunLog).clear()
        self._panes()[pane].focus()

    def paint(self, state: RunState) -> None:
        """Show what the run has said by now."""
        log = self.query_one("#monitor-log", RunLog)
        log.add(state.log[self._logged :])
        self._logged = len(state.log)
        over = state.finished is not None or state.failed is not None
        if (state.hardware, over) != self._hardware:
            from tui import run_words

            self._hardware = state.hardware, over
            log.border_subtitle = Content(run_words.machine(state))
        if self.pane == "machine":
            from tui import machine_words

            self.query_one(MachinePane).show(machine_words.lines(state))
        elif self.pane == "classes":
            self.query_one(ClassTable).show(state.classes)
        elif self.pane == "samples":
            self.samples.show(state.samples)

    def read_output(self) -> None:
        """Show what libraries printed since the last call, if that is in sight."""
        text = self._tail.read() if self.pane == "output" and self._tail is not None else ""
        if text:
            self.query_one("#monitor-output", RunLog).add_text(text)

    def _panes(self) -> dict[Pane, Widget]:
        return {
            "log": self.query_one("#monitor-log"),
            "output": self.query_one("#monitor-output"),
            "samples": self.samples,
            "classes": self.query_one(ClassTable),
            "machine": self.query_one(MachinePane),
        }
