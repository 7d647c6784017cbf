"""Before a start: what is wrong with the run, what it will cost, and the last word."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from core.errors import FinetuiError, RunStopped
from tui import preflight_words, warm_up
from tui.own_thread import in_own_thread
from tui.screens.dialogs import Dialog
from tui.text import one_line, visible
from tui.widgets.dialog_button import DialogButton
from tui.widgets.progress_line import ProgressLine, Shown
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.training.preflight import Finding, Report

SIGNS = {"error": "✗", "warning": "!", "info": "·"}
STYLES = {"error": "bold $error", "warning": "$warning", "info": "$text-muted"}
LOOK_SECONDS = 0.2
FRAME = 9
"""Lines of the dialog that are no findings."""
NARROW = 11
"""Characters of a figure that stands beside another."""


class StartDialog(Dialog):
    """Checks the run in a thread. Its result is "start" or "back"; leaving ends the check.

    Args:
        trial: run the longest batch too. Not while another run trains in this process: its random numbers are shared.

    Attributes:
        error: why the run cannot be checked; None if it can.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "roll('up')", show=False),
        Binding("down,j", "roll('down')", show=False),
        Binding("pageup", "roll('page_up')", show=False),
        Binding("pagedown", "roll('page_down')", show=False),
        Binding("home", "roll('home')", show=False),
        Binding("end", "roll('end')", show=False),
    ]

    AUTO_FOCUS = ""  # until the check is done there is nothing to press

    def __init__(self, config: RunConfig, trial: bool = True) -> None:
        super().__init__(config.title, [], [("start", "Start"), ("back", "Back")])
        self.error: FinetuiError | None = None
        self.config = config
        self._trial = trial
        self._given_up = threading.Event()
        self._now = Shown("looking at data, model and arguments")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(one_line(self._title)), id="dialog-title")
            yield StatusLine()
            yield ProgressLine()
            yield VerticalScroll(id="start-findings", can_focus=False)
            with Horizontal(id="dialog-buttons"):
                yield DialogButton("Start", id="start", compact=True, disabled=True)
                yield DialogButton("Back", id="back", compact=True)
                yield Static(id="start-keys", classes="quiet")

    def on_mount(self) -> None:
        self.set_focus(None)  # Enter, pressed for the start, must not throw the check away: Escape goes back
        self.query_one(StatusLine).busy = self._now.label
        self._timer = self.set_interval(LOOK_SECONDS, self._show_progress)
        self.check()

    def on_unmount(self) -> None:
        self._given_up.set()

    def action_roll(self, where: str) -> None:
        """Scroll the findings; the buttons keep the focus."""
        getattr(self.query_one("#start-findings"), f"scroll_{where}")(animate=False)

    def _show_progress(self) -> None:
        shown = self._now
        self.query_one(StatusLine).busy = shown.label
        bar = self.query_one(ProgressLine)
        bar.display = bool(shown.total)
        bar.shown = Shown(done=shown.done, total=shown.total, unit=shown.unit)

    @work(exclusive=True)
    async def check(self) -> None:
        status = self.query_one(StatusLine)
        try:
            report = await in_own_thread(self._check)
        except RunStopped:
            return
        except FinetuiError as error:
            self.error = error
            lines = [Static(Content.styled(f"✗ {visible(error.title)}", "bold $error"))]
            lines += [Static(Content(visible(line)), classes="about") for line in (error.detail, error.hint) if line]
            status.text = "this cannot start yet"
            self.query_one("#back").focus()
        else:
            lines = [line for finding in report.findings for line in _lines(finding)]
            lines += [Static(), *map(Static, _cost(report))] if lines else [*map(Static, _cost(report))]
            status.text = preflight_words.verdict(report)
            if not report.failed:
                start = self.query_one("#start", Button)
                start.disabled = False
                start.focus()
            else:
                self.query_one("#back").focus()
        finally:
            self._timer.stop()
            status.busy = ""
        self.query_one(ProgressLine).display = False
        findings = self.query_one("#start-findings")
        findings.styles.height = "auto"  # without room the lines would not be laid out, and so never have a height
        await findings.mount_all(lines)
        self.call_after_refresh(self._fit)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """The findings as high as they are, or as the screen has room for; then a word says that there are more."""
        findings = self.query_one("#start-findings")
        room = max(3, self.size.height * 9 // 10 - FRAME)
        high = sum(line.outer_size.height for line in findings.children)
        findings.styles.height = min(high, room) if findings.children else 0
        self.query_one("#start-keys", Static).update(Content("↑ ↓ more" if high > room else ""))

    def _check(self) -> Report:
        """In a thread of its own."""
        warm_up.wait()
        from core.training import preflight

        def progress(what: str, done: int, total: int, unit: str) -> None:
            self._now = Shown(what, done, total, unit)

        return preflight.check(self.config, preflight.Watch(progress, self._given_up.is_set), self._trial)


def _lines(finding: Finding) -> list[Static]:
    place = f" [{finding.split}]" if finding.split else ""
    head = f"{SIGNS[finding.severity]} {visible(finding.message)}{visible(place)}"
    about = [Static(Content(visible(line)), classes="about") for line in preflight_words.about(finding)]
    return [Static(Content.styled(head, STYLES[finding.severity])), *about]


def _cost(report: Report) -> list[Content]:
    """The figures, two on a line, and the memory as a table."""
    figures = preflight_words.figures(report.cost)
    cells = [cell for cell in figures if len(cell[1]) <= NARROW]
    wide = [cell for cell in figures if len(cell[1]) > NARROW]
    half = (len(cells) + 1) // 2
    widths = [max((len(label) for label, _ in part), default=0) for part in (cells[:half], cells[half:])]
    lines = []
    for index in range(half):
        label, value = cells[index]
        line = Content.assemble((f"{label:{widths[0]}}  ", "$text-muted"), f"{value:16}")
        if half + index < len(cells):
            label, value = cells[half + index]
            line = Content.assemble(line, (f"{label:{widths[1]}}  ", "$text-muted"), value)
        lines.append(line)
    lines += [Content.assemble((f"{label:{widths[0]}}  ", "$text-muted"), one_line(value, 44)) for label, value in wide]
    table = preflight_words.memory(report.cost)
    if table:
        lines += [Content(""), Content.styled("memory at the peak", "bold")]
    for part, count, dtype in table:
        quiet = (one_line(dtype, 24), "$text-muted")
        lines.append(Content.assemble((f"{part:20}", "$text-muted"), f"{count:>12}  ", quiet))
    return lines
