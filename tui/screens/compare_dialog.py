"""Which runs to lay over the one that is shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import SelectionList, Static

from tui.text import both_ends

if TYPE_CHECKING:
    from core.runs.store import RunStore, RunSummary


class Marked(SelectionList[Path]):
    """Its marks are seen without colour: Textual's own draws the cross in every box."""

    def render_line(self, y: int) -> Strip:
        line = super().render_line(y)
        row = self.scroll_offset.y + y
        if row >= self.option_count or self.get_option_at_index(row).value in self.selected:
            return line
        left, inner, *rest = line
        return Strip([left, Segment(" " * len(inner.text), inner.style), *rest])


class CompareDialog(ModalScreen[list[Path] | None]):
    """Its result is the runs that were chosen; None when it was left.

    Args:
        base: the run that is shown anyway.
        chosen: the runs that are laid over it now.
    """

    CSS_PATH = "compare_dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", show=False),
        Binding("enter", "choose", show=False, priority=True),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]

    def __init__(self, store: RunStore, base: Path, chosen: Sequence[Path]) -> None:
        super().__init__()
        self._store = store
        self._base = base
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        with Vertical(id="compare"):
            yield Static(Content("Compare with"), id="compare-title")
            yield Marked()
            yield Static(Content("Space marks   Enter compares   Esc back"), id="compare-keys")

    def on_mount(self) -> None:
        self._list()

    @work(thread=True)
    def _list(self) -> None:
        found = [summary for summary in self._store.list() if summary.path != self._base]
        self.app.call_later(self._show, found)

    def _show(self, runs: Sequence[RunSummary]) -> None:
        choices = self.query_one(SelectionList)
        for run in runs:
            when = time.strftime("%d %b %H:%M", time.localtime(run.started))
            line = f"{both_ends(run.name, 28):28}  {run.status.replace('_', ' '):11} {when}"
            choices.add_option((Content(line), run.path, run.path in self._chosen))
        if not runs:
            self.query_one("#compare-title", Static).update(Content("There is no other run to compare with"))
        choices.highlighted = 0 if runs else None
        choices.focus()

    def action_choose(self) -> None:
        self.dismiss(list(self.query_one(SelectionList).selected))
