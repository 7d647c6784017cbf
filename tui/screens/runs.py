"""Every run so far; with none, the way to the first one. The app's home."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable

from tui import keys
from tui.figures import number, own
from tui.screens.base import FinetuiScreen
from tui.status import LOOKS
from tui.text import one_line
from tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from core.runs.store import RunSummary

RELOAD_SECONDS = 2.0
LIVE = ("running", "paused", "waiting")
COLUMNS = (("status", 12), ("name", 19), ("step", 11), ("metric", 15), ("when", 12))
WIDE_COLUMNS = (("status", 12), ("name", 24), ("model", 22), ("method", 6), ("step", 11), ("metric", 16), ("when", 12))
WIDE = 120


class RunsScreen(FinetuiScreen):
    MODE = "runs"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("runs")
    CSS_PATH = "runs.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[RunSummary] = []
        self._seen: dict[Path, tuple[float, RunSummary]] = {}
        self._is_wide = False

    def compose_body(self) -> ComposeResult:
        yield DataTable(id="runs-table", cursor_type="row", zebra_stripes=False)
        yield Welcome()

    def on_mount(self) -> None:
        self.query_one(Welcome).display = False
        # The first paint comes before the disk.
        self.call_after_refresh(self._reload)
        self.set_interval(RELOAD_SECONDS, self._reload_if_seen)

    def on_screen_resume(self) -> None:
        self._reload()

    def on_resize(self) -> None:
        if (self.size.width >= WIDE) != self._is_wide:
            self._show(self._runs)

    # reading

    def _reload_if_seen(self) -> None:
        if self.is_current:
            self._reload()

    @work(thread=True, exclusive=True, group="reload")
    def _reload(self) -> None:
        from core.runs import layout
        from core.runs.store import summarize

        found: dict[Path, tuple[float, RunSummary]] = {}
        for path in self.finetui.store.folders():
            try:
                changed = (path / layout.EVENTS).stat().st_mtime
                before = self._seen.get(path)
                # A run that was live may have died without a word.
                fresh = before is not None and before[0] == changed and before[1].status not in LIVE
                found[path] = before if before is not None and fresh else (changed, summarize(path))
            except FileNotFoundError:
                continue  # deleted in the meantime
        self._seen = found
        self.app.call_later(self._show, [summary for _, summary in found.values()])

    # showing

    def _show(self, runs: list[RunSummary]) -> None:
        is_wide = self.size.width >= WIDE
        table = self.query_one(DataTable)
        if runs == self._runs and is_wide == self._is_wide and table.columns:
            return
        chosen = self._chosen
        self._runs, self._is_wide = runs, is_wide
        table.clear(columns=True)
        for title, width in WIDE_COLUMNS if is_wide else COLUMNS:
            table.add_column(title, width=width)
        for run in runs:
            table.add_row(
                *(self._cell(run, name) for name, _ in (WIDE_COLUMNS if is_wide else COLUMNS)), key=str(run.path)
            )
        if chosen is not None and chosen in runs:
            table.move_cursor(row=runs.index(chosen), animate=False)
        table.display = bool(runs)
        welcome = self.query_one(Welcome)
        welcome.display = not runs
        welcome.folder = str(self.finetui.store.root)
        if runs and self.focused is None:
            table.focus()
        self.refresh_bindings()

    def _cell(self, run: RunSummary, column: str) -> Text:
        look = LOOKS[run.status]
        match column:
            case "status":
                return Text(look.text, style=self.app.theme_variables[look.color.removeprefix("$")])
            case "name":
                return Text(one_line(run.name))
            case "model":
                return Text(one_line(run.model))
            case "method":
                return Text(one_line(run.method))
            case "step":
                return Text(f"{run.step:,}/{run.total_steps:,}" if run.total_steps else "")
            case "metric":
                return Text(_metric(run.metrics))
            case _:
                return Text(time.strftime("%d %b %H:%M", time.localtime(run.started)))

    @property
    def _chosen(self) -> RunSummary | None:
        row = self.query_one(DataTable).cursor_row
        return self._runs[row] if row < len(self._runs) else None

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("open", "chat", "delete"):
            return bool(self._runs)
        if action == "demo":
            return self.finetui.live is None
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        if self._chosen is not None:
            self.finetui.watch_run(self._chosen.path)

    def action_chat(self) -> None:
        if self._chosen is not None:
            self.finetui.chat_with(str(self._chosen.path))

    def action_demo(self) -> None:
        self.finetui.start_demo("cities")

    def action_reload(self) -> None:
        self._reload()

    def action_delete(self) -> None:
        run = self._chosen
        if run is None:
            return
        from tui.screens.dialogs import ConfirmDialog

        def answered(answer: str | None) -> None:
            if answer == "yes":
                self._delete(run.path)

        line = f"{run.path}\n\nIts model, checkpoints and events go with it."
        self.app.push_screen(ConfirmDialog(f"Delete {run.name}?", line, "Delete it"), answered)

    @work(thread=True, group="delete")
    def _delete(self, path: Path) -> None:
        self.finetui.store.delete(path)
        self.app.call_later(self._reload)


def _metric(metrics: dict[str, float]) -> str:
    """The one figure that says most: a score, else the loss of the evaluation."""
    scores = {name: value for name, value in own(metrics).items() if name.startswith("eval_")}
    name = next((name for name in scores if name != "eval_loss"), "eval_loss")
    if name not in scores:
        return ""
    return f"{one_line(name.removeprefix('eval_').replace('_', ' '))} {number(scores[name])}"
