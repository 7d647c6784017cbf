"""The app: owns the screens, the run that trains in this process, the errors, and the way out."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.reactive import var
from textual.screen import Screen
from textual.worker import WorkerFailed

from core.errors import FinetuiError
from tui import defects, keys, terminal, theme_choice
from tui.driver import SurvivingDriver
from tui.own_run import OwnRun
from tui.theme import THEMES
from tui.way_out import WayOut

if TYPE_CHECKING:
    from core.config import DataConfig, RunConfig
    from core.runs.store import RunStore
    from tui.follow import RunFollower
    from tui.training_thread import RunFunction, TrainingThread


def _screen(mode: keys.Mode) -> Screen[Any]:
    """Make a screen; its module is imported when it is first shown."""
    module = importlib.import_module(f"tui.screens.{mode}")
    return cast("Screen[Any]", getattr(module, f"{mode.title()}Screen")())


class FinetuiApp(App[None]):
    """The five screens over one store of runs.

    Args:
        runs: the folder of runs; else FINETUI_RUNS, else ./runs.
        open_run: the run to show at once.
        start: a config to start training at once.
        demo: the name of a demo to start at once.
        train: what a training thread runs; the engine when absent.
        resume: the run to go on with at once.
    """

    TITLE = "finetui"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/runs.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("app")
    MODES = {mode: partial(_screen, mode) for mode in keys.MODES}  # noqa: RUF012
    DEFAULT_MODE = "runs"

    note: var[str] = var("")
    """How the live run stands, in a few characters, for the top line of every screen. A reactive of the app would
    paint the whole screen anew at each change."""

    def __init__(
        self,
        runs: Path | None = None,
        open_run: Path | None = None,
        start: RunConfig | None = None,
        demo: str | None = None,
        train: RunFunction | None = None,
        resume: Path | None = None,
    ) -> None:
        super().__init__(driver_class=None if sys.platform == "win32" else SurvivingDriver)
        for theme in THEMES.values():
            self.register_theme(theme)
        # Assigned, it would have every style sheet parsed two times more before the first paint.
        self.set_reactive(App.theme, theme_choice.load().name)
        self.stylesheet.set_variables(self.get_css_variables())
        self.own_run = OwnRun(self, train)
        self.way_out = WayOut(self)
        self._print_to = sys.stdout, sys.stderr
        self._runs = runs
        self._open_run = open_run
        self._start = start
        self._demo = demo
        self._resume = resume
        self._came_from: list[str] = []

    @property
    def open_modes(self) -> list[keys.Mode]:
        """The screens that have been shown so far."""
        return [mode for mode in keys.MODES if mode in self._screen_stacks]

    @cached_property
    def store(self) -> RunStore:
        """The runs on disk. The first use imports its module (50 ms): do that in a thread."""
        from core.runs.store import RunStore

        return RunStore.default(self._runs)

    @property
    def live(self) -> TrainingThread | None:
        """The thread that trains now in this process, if one does."""
        return self.own_run.live

    def on_mount(self) -> None:
        # Textual captures `print` and shows it nowhere; multiprocessing asks what stands there for its descriptor.
        sys.stdout, sys.stderr = self._print_to
        self.way_out.open()
        if self._open_run is not None:
            self.watch_run(self._open_run)
        if self._start is not None:
            self.start_run(self._start)
        if self._demo is not None:
            self.start_demo(self._demo)
        if self._resume is not None:
            self.resume_run(self._resume)
        if terminal.is_taken():
            # After the first paint, and not in tests, which have no terminal.
            from tui import warm_up

            warm_up.plan()
            self.set_timer(0.3, warm_up.start)

    # what the screens ask for

    def start_run(self, config: RunConfig) -> None:
        """Make a run folder, train in it in this process, and watch. One run at a time: the error dialog says so."""
        self.run_worker(partial(self.own_run.begin, config), thread=True, group="start")

    def resume_run(self, run: Path) -> None:
        """Go on with a run in its own folder, from its last checkpoint, and watch."""
        self.run_worker(partial(self.own_run.resume, run), thread=True, group="start")

    def start_demo(self, name: str) -> None:
        """Prepare the data of a demo, then as `start_run`."""
        self.notify(f"preparing the demo {name}", markup=False)
        self.run_worker(partial(self.own_run.begin_demo, name), thread=True, group="start")

    def watch_run(self, run: Path) -> None:
        """Show a run in the Monitor."""
        self.call_later(self._hand_over, "monitor", "watch_run", run)

    def chat_with(self, ref: str) -> None:
        """Open a run folder, checkpoint or model in Chat."""
        self.call_later(self._hand_over, "chat", "open_model", ref)

    def configure(
        self,
        data: DataConfig | None = None,
        config: RunConfig | None = None,
        error: FinetuiError | None = None,
        seen: Mapping[str, Any] | None = None,
    ) -> None:
        """Show the form, filled from a config or with this data and what it was looked at as (plain data of a config),
        and an error beside the field that it speaks of."""
        self.call_later(self._hand_over, "configure", "fill", data, config, error, seen)

    def open_chart(
        self, runs: Sequence[RunFollower] = (), paths: Sequence[Path] = (), metric: str | None = None
    ) -> None:
        """Show a metric as a full chart over this screen: of runs that are followed, and of runs still to be read."""
        mode = cast("keys.Mode", self.current_mode)

        def import_it() -> None:
            from tui.screens.chart import ChartScreen

            self.call_later(self.push_screen, ChartScreen(mode, runs, paths, metric))

        self.run_worker(import_it, thread=True, exclusive=True, group="chart")

    def catch_up(self, run: Path) -> None:
        """Let the Monitor read the last words of a run whose folder will go."""
        for screen in self._screen_stacks.get("monitor", [])[:1]:
            cast("Any", screen).catch_up(run)

    def show_error(self, error: FinetuiError) -> None:
        """Say what went wrong, where, and what to do."""
        from tui.screens.dialogs import ErrorDialog

        self.push_screen(ErrorDialog(error))

    async def _hand_over(self, mode: keys.Mode, method: str, *values: object) -> None:
        try:
            await self._go(mode)
            while len(self.screen_stack) > 1 and not self.screen.is_modal:
                await self.pop_screen()  # a chart over it
            getattr(self.screen_stack[0], method)(*values)  # below a dialog that came in the meantime
        except Exception as error:
            self._report(error)

    # keys

    async def _go(self, mode: keys.Mode) -> None:
        if mode != self.current_mode:
            self._came_from.append(self.current_mode)
        await self.switch_mode(mode)

    async def action_show(self, mode: keys.Mode) -> None:
        watched = cast("Any", self.screen_stack[0]).run if self.current_mode == "monitor" else None
        await self._go(mode)
        if mode == "runs" and watched is not None:
            cast("Any", self.screen_stack[0]).choose(watched.path)
        if mode == "monitor" and self.live is not None:
            self.watch_run(self.live.folder.path)  # the run that trains here, whichever was looked at last

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen

        self.push_screen(HelpScreen())

    def action_screen_keys(self) -> None:
        from tui.screens.help import HelpScreen

        where = getattr(self.screen, "WHERE", cast("keys.Where", self.current_mode))
        self.push_screen(HelpScreen(where))

    async def action_back(self) -> None:
        """The screen that was shown before; at the end of that path, home."""
        await self.switch_mode(self._came_from.pop() if self._came_from else "runs")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a dialog is open, it alone takes keys."""
        if action in ("show", "help", "screen_keys", "back", "command_palette") and self.screen.is_modal:
            return False
        return super().check_action(action, parameters)

    async def run_action(self, action: Any, default_namespace: Any = None, namespaces: Any = None) -> bool:
        """Carry out an action; what it raises becomes a dialog."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            self._report(error)
            return True

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: what the keys of this screen do now."""
        from tui import palette

        return palette.commands(self, screen)

    async def action_quit(self) -> None:
        self.way_out.ask()

    # errors

    def _handle_exception(self, error: Exception) -> None:
        """Textual's own hook for whatever a handler or a worker raised."""
        if isinstance(error, WorkerFailed):
            self._report(error.error)
        else:
            self._report(error, handler_died=True)

    def _report(self, error: BaseException, handler_died: bool = False) -> None:
        if isinstance(error, FinetuiError) and not handler_died:
            self.show_error(error)
            return
        if self._exception is None and isinstance(error, Exception):
            self._exception = error  # Pilot raises it when a test ends
        defects.handle(self, error, handler_died)
