"""Every run so far; with none, the way to the first one. The app's home."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import Worker

from tui import keys
from tui.screens.base import FinetuiScreen
from tui.text import visible
from tui.widgets.welcome import Welcome

if TYPE_CHECKING:
    from core.runs.store import RunStore, RunSummary
    from tui.widgets.run_table import RunTable

RELOAD_SECONDS = 2.0
Seen: TypeAlias = "dict[Path, tuple[float, RunSummary]]"
"""A run by its folder: when its events were last written, and what was read then."""


class RunsScreen(FinetuiScreen):
    """Its style sheet is the app's: one that is read later would delay the first paint."""

    MODE = "runs"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("runs")

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[RunSummary] | None = None
        self._seen: Seen = {}
        self._reading: Worker[None] | None = None
        self._table: RunTable | None = None
        self._wanted: Path | None = None

    def compose_body(self) -> ComposeResult:
        yield Welcome()

    def on_mount(self) -> None:
        self.query_one(Welcome).display = False
        self.set_interval(RELOAD_SECONDS, self._reload_if_seen)

    def on_screen_resume(self) -> None:
        # The first paint comes before the disk.
        self.call_after_refresh(self._reload)

    def on_resize(self) -> None:
        if self._table is not None and self._runs:
            self._table.show(self._runs, self.size.width)

    # reading

    def _reload_if_seen(self) -> None:
        # Many runs may take longer than this comes round: what is being read is read to its end.
        if self.is_current and (self._reading is None or self._reading.is_finished):
            self._reading = self._reload()

    @work(exclusive=True, group="reload")
    async def _reload(self) -> None:
        self._seen = await asyncio.to_thread(_summaries, self.finetui.store, self._seen)
        await self._show([summary for _, summary in self._seen.values()])
        if self._wanted is not None and self._table is not None:
            self._table.choose(self._wanted)
        self._wanted = None

    # showing

    def choose(self, run: Path) -> None:
        """Have the cursor on this run once the list is read anew: it may be younger than what is listed."""
        self._wanted = run

    async def _show(self, runs: list[RunSummary]) -> None:
        if runs == self._runs:
            return
        self._runs = runs
        welcome = self.query_one(Welcome)
        welcome.folder = str(self.finetui.store.root)
        welcome.display = not runs
        if runs and self._table is None:
            from tui.widgets.run_table import RunTable

            self._table = RunTable()
            await self.mount(self._table, before=welcome)
            self._table.focus()
        if self._table is not None:
            self._table.display = bool(runs)
            self._table.show(runs, self.size.width)
        self.refresh_bindings()

    @property
    def _chosen(self) -> RunSummary | None:
        return self._table.chosen if self._table is not None else None

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("open", "chat", "delete", "mark", "export"):
            return bool(self._runs)
        if action == "take_up":
            return self._can_take_up()
        if action == "compare":
            return len(self._compared) > 1
        if action == "demo":
            return self.finetui.live is None
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        if self._chosen is not None:
            self.finetui.watch_run(self._chosen.path)

    @property
    def _compared(self) -> list[Path]:
        """The marked runs, in the order in which they were marked; one alone goes with the run under the cursor."""
        if self._table is None or not self._table.marked:
            return []
        here = [self._chosen.path] if self._chosen is not None and len(self._table.marked) == 1 else []
        return list(dict.fromkeys([*self._table.marked, *here]))

    def action_mark(self) -> None:
        if self._table is not None:
            self._table.mark(self.size.width)
            self.refresh_bindings()

    def action_compare(self) -> None:
        self.finetui.open_chart(paths=self._compared)

    def action_chat(self) -> None:
        if self._chosen is not None:
            self.finetui.chat_with(str(self._chosen.path))

    def on_data_table_row_highlighted(self) -> None:
        self.refresh_bindings()

    def _can_take_up(self) -> bool:
        if self._chosen is None or self.finetui.live is not None:
            return False
        from core.runs.state import RESUMABLE

        return self._chosen.status in RESUMABLE

    def action_take_up(self) -> None:
        if self._chosen is not None:
            self.finetui.resume_run(self._chosen.path)

    def action_export(self) -> None:
        """Ask where to write the run as a script."""
        run = self._chosen
        if run is None:
            return
        from tui.screens.path_dialog import PathDialog

        def answered(name: str | None) -> None:
            if name:
                self._export(run.path, Path(name))

        title = f"Write {run.name} as a Python script where?"
        self.app.push_screen(PathDialog(title, "write", "a .py file", f"{run.name}.py", writes=True), answered)

    @work(exclusive=True, group="export")
    async def _export(self, run: Path, to: Path) -> None:
        from tui.own_thread import in_own_thread

        written = await in_own_thread(_write_script, run, to)
        self.notify(visible(str(written)), title="written", markup=False)

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


def _write_script(run: Path, to: Path) -> Path:
    """In a thread: the libraries are imported there, not in the event loop."""
    from core.scripts.export import write

    return write(run, to)


def _summaries(store: RunStore, before: Seen) -> Seen:
    """For a thread: all runs, the newest first; of those that ended and did not change since, what was read before."""
    from core.runs import layout
    from core.runs.state import LIVE
    from core.runs.store import newest_first, summarize

    found: Seen = {}
    for path in store.folders():
        try:
            changed = (path / layout.EVENTS).stat().st_mtime
            known = before.get(path)
            # A run that was live may have died without a word.
            fresh = known is not None and known[0] == changed and known[1].status not in LIVE
            found[path] = known if known is not None and fresh else (changed, summarize(path))
        except FileNotFoundError:
            continue  # deleted in the meantime
    return {run.path: found[run.path] for run in newest_first(summary for _, summary in found.values())}
