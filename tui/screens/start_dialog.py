"""Before a start: what is wrong with the run, what it will cost, and the last word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from core.errors import FinetuiError
from tui.figures import size
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

    DEFAULT_CSS = """
    StartDialog {
        & #dialog { width: 76; max-width: 95%; }
        & #dialog-title { margin: 0; }
        & StatusLine { padding: 0; background: transparent; }
        & #start-findings { height: auto; max-height: 12; margin: 1 0; }
    }
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
            report = await asyncio.to_thread(_check, self.config)
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
    from core.training import preflight

    return preflight.check(config)


def _lines(finding: Finding) -> list[Content]:
    sign, style = SIGNS[finding.severity], STYLES[finding.severity]
    place = f" [{finding.split}]" if finding.split else ""
    found = [Content.styled(f"{sign} {visible(finding.message)}{visible(place)}", style)]
    return [*found, Content(f"  {visible(finding.hint)}")] if finding.hint else found


def _cost(report: Report) -> list[Content]:
    """The figures, two on a line."""
    cells = [_cell(name, value) for name, value in report.cost.items()]
    return [Content.assemble(*cells[index : index + 2]) for index in range(0, len(cells), 2)]


def _cell(name: str, value: object) -> Content:
    label = one_line(name.removesuffix("_bytes").replace("_", " "), 20)
    return Content.assemble((f"{label:21}", "$text-muted"), f"{one_line(_figure(name, value), 14):15}")


def _figure(name: str, value: object) -> str:
    if isinstance(value, int) and name.endswith("_bytes"):
        return size(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
