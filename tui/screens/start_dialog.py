"""Before a start: what is wrong with the run, what it will cost, and the last word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from core.errors import FinetuiError
from tui import warm_up
from tui.figures import size
from tui.own_thread import in_own_thread
from tui.screens.dialogs import Dialog
from tui.text import one_line, visible
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.training.preflight import Finding, Report

SIGNS = {"error": "✗", "warning": "!", "info": "·"}
STYLES = {"error": "$error", "warning": "$warning", "info": "$text-muted"}


class StartDialog(Dialog):
    """Checks the run in a thread. Its result is "start" or "back".

    Attributes:
        error: why the run cannot be checked; None if it can.
    """

    def __init__(self, config: RunConfig) -> None:
        super().__init__(config.title, [], [("start", "Start"), ("back", "Back")])
        self.error: FinetuiError | None = None
        self.config = config

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(one_line(self._title)), id="dialog-title")
            yield StatusLine()
            yield VerticalScroll(id="start-findings")
            with Horizontal(id="dialog-buttons"):
                yield Button("Start", id="start", compact=True, disabled=True)
                yield Button("Back", id="back", compact=True)

    def on_mount(self) -> None:
        self.query_one("#back").focus()
        self.check()

    @work(exclusive=True)
    async def check(self) -> None:
        status = self.query_one(StatusLine)
        status.busy = "checking the data, the model and the arguments"
        try:
            report = await in_own_thread(_check, self.config)
        except FinetuiError as error:
            self.error = error
            lines = [Content.styled(f"✗ {visible(error.title)}", "bold $error")]
            lines += [Content(f"  {visible(line)}") for line in (error.detail, error.hint) if line]
            status.text = "this cannot start yet"
        else:
            lines = [line for finding in report.findings for line in _lines(finding)] + _cost(report)
            errors = sum(finding.severity == "error" for finding in report.findings)
            status.text = f"{errors} error{'s' if errors > 1 else ''} to mend first" if errors else "ready to start"
            if not errors:
                start = self.query_one("#start", Button)
                start.disabled = False
                start.focus()
        finally:
            status.busy = ""
        await self.query_one("#start-findings").mount_all(Static(line) for line in lines)


def _check(config: RunConfig) -> Report:
    warm_up.wait()
    from core.training import preflight

    return preflight.check(config)


def _lines(finding: Finding) -> list[Content]:
    sign, style = SIGNS[finding.severity], STYLES[finding.severity]
    place = f" [{finding.split}]" if finding.split else ""
    found = [Content.styled(f"{sign} {visible(finding.message)}{visible(place)}", style)]
    return [*found, Content(f"  {visible(finding.hint)}")] if finding.hint else found


def _cost(report: Report) -> list[Content]:
    """The figures, two on a line."""
    cells = [
        (one_line(name.removesuffix("_bytes").replace("_", " "), 20), one_line(_figure(name, value), 24))
        for name, value in report.cost.items()
    ]
    widths = [max((len(text) for cell in cells[side::2] for text in cell[:1]), default=0) for side in (0, 1)]
    lines = []
    for index in range(0, len(cells), 2):
        (label, value), *rest = cells[index : index + 2]
        line = Content.assemble((f"{label:{widths[0]}}  ", "$text-muted"), f"{value:16}")
        if rest:
            line = Content.assemble(line, (f"{rest[0][0]:{widths[1]}}  ", "$text-muted"), rest[0][1])
        lines.append(line)
    return lines


def _figure(name: str, value: object) -> str:
    if isinstance(value, int) and name.endswith("_bytes"):
        return size(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
