"""The runs as a table. Imported when the first runs are listed: the first paint comes before."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import DataTable

from tui.figures import number, own
from tui.status import LOOKS
from tui.text import both_ends, one_line

if TYPE_CHECKING:
    from core.runs.store import RunSummary

NARROW = {"status": 12, "name": 19, "step": 11, "metric": 15, "when": 12}
WIDE = {"status": 12, "name": 24, "model": 22, "method": 6, "step": 11, "metric": 16, "when": 12}
WIDE_FROM = 118


class RunTable(DataTable[Text]):
    """One run a row; more columns where there is room."""

    def __init__(self) -> None:
        super().__init__(cursor_type="row")
        self._shown: list[RunSummary] = []
        self.marked: list[Path] = []

    @property
    def chosen(self) -> RunSummary | None:
        """The run under the cursor."""
        return self._shown[self.cursor_row] if self.cursor_row < len(self._shown) else None

    def show(self, runs: Sequence[RunSummary], width: int) -> None:
        """List these runs, with the cursor on the one that it was on."""
        chosen = self.chosen
        self.marked = [path for path in self.marked if any(run.path == path for run in runs)]
        widths = WIDE if width >= WIDE_FROM else NARROW
        self._shown = list(runs)
        self.clear(columns=True)
        for name, cells in widths.items():
            self.add_column(name, width=cells)
        for run in runs:
            self.add_row(*(self._cell(run, name, cells) for name, cells in widths.items()))
        if chosen is not None:
            self.choose(chosen.path)

    def choose(self, run: Path) -> None:
        """Move the cursor to this run, if it is listed."""
        paths = [shown.path for shown in self._shown]
        if run in paths:
            self.move_cursor(row=paths.index(run), animate=False)

    def mark(self, width: int) -> None:
        """Mark the run under the cursor, or no longer; the cursor goes on to the next."""
        run = self.chosen
        if run is not None:
            if run.path in self.marked:
                self.marked.remove(run.path)
            else:
                self.marked.append(run.path)
            self.show(self._shown, width)
            self.action_cursor_down()

    def _cell(self, run: RunSummary, column: str, cells: int) -> Text:
        match column:
            case "status":
                look = LOOKS[run.status]
                return Text(look.text, style=self.app.theme_variables[look.color.removeprefix("$")])
            case "name":
                return Text(both_ends(("+ " if run.path in self.marked else "") + run.name, cells))
            case "step":
                return Text(f"{run.step:,}/{run.total_steps:,}" if run.total_steps else "")
            case "metric":
                return Text(_metric(run.metrics, cells))
            case "when":
                return Text(time.strftime("%d %b %H:%M", time.localtime(run.started)))
            case _:
                return Text(one_line(getattr(run, column), cells))


def _metric(metrics: dict[str, float], cells: int) -> str:
    """The one figure that says most: a score, else the loss of the evaluation. Its name is cut before its digits."""
    scores = {name: value for name, value in own(metrics).items() if name.startswith("eval_")}
    name = next((name for name in scores if name != "eval_loss"), "eval_loss")
    if name not in scores:
        return ""
    figure = number(scores[name])
    return f"{one_line(name.removeprefix('eval_').replace('_', ' '), cells - len(figure) - 1)} {figure}"
