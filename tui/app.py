"""The app: owns the screens, the run that trains in this process, the errors, and the way out."""

from __future__ import annotations

import importlib
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import App
from textual.binding import BindingType
from textual.reactive import reactive
from textual.screen import Screen
from textual.worker import WorkerFailed

from core.errors import FinetuiError
from tui import keys
from tui.theme import DARK

if TYPE_CHECKING:
    from core.config import DataConfig, RunConfig
    from core.runs.store import RunStore
    from tui.training_thread import RunFunction, TrainingThread


def _screen(mode: keys.Mode) -> Screen[Any]:
    """Make a screen; its module is imported when it is first shown."""
    module = importlib.import_module(f"tui.screens.{mode}")
    return cast("Screen[Any]", getattr(module, f"{mode.title()}Screen")())


class FinetuiApp(App[int]):
    """The five screens over one store of runs.

    Args:
        runs: the folder of runs; else FINETUI_RUNS, else ./runs.
        open_run: the run to show at once.
        start: a config to start training at once.
        demo: the name of a demo to start at once.
        train: what a training thread runs; the engine when absent.
    """

    TITLE = "finetui"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("app")
    MODES = {mode: partial(_screen, mode) for mode in keys.MODES}  # noqa: RUF012
    DEFAULT_MODE = "runs"

    note: reactive[str] = reactive("")
    """How the live run stands, in a few characters, for the top line of every screen."""

    def __init__(
        self,
        runs: Path | None = None,
        open_run: Path | None = None,
        start: RunConfig | None = None,
        demo: str | None = None,
        train: RunFunction | None = None,
    ) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.training: TrainingThread | None = None
        self._runs = runs
        self._open_run = open_run
        self._start = start
        self._demo = demo
        self._train = train

    @cached_property
    def store(self) -> RunStore:
        """The runs on disk. The first use imports its module (50 ms): do that in a thread."""
        from core.runs.store import RunStore

        return RunStore.default(self._runs)

    # what the screens ask for

    def start_run(self, config: RunConfig) -> None:
        """Make a run folder, train in it in this process, and watch. One run at a time: the error dialog says so."""
        self.run_worker(partial(self._create_run, config), thread=True, group="start", exclusive=True)

    def watch_run(self, run: Path) -> None:
        """Show a run in the Monitor."""
        self.call_later(self._hand_over, "monitor", "watch_run", run)

    def chat_with(self, ref: str) -> None:
        """Open a run folder, checkpoint or model in Chat."""
        self.call_later(self._hand_over, "chat", "open_model", ref)

    def configure(self, data: DataConfig | None = None, config: RunConfig | None = None) -> None:
        """Show the form, filled from a config or with this data."""
        self.call_later(self._hand_over, "configure", "fill", data, config)

    def show_error(self, error: FinetuiError) -> None:
        """Say what went wrong, where, and what to do."""
        from tui.screens.dialogs import ErrorDialog

        self.push_screen(ErrorDialog(error))

    async def _hand_over(self, mode: keys.Mode, method: str, *values: object) -> None:
        await self.switch_mode(mode)
        getattr(self.screen, method)(*values)

    # the run that trains in this process

    @property
    def live(self) -> TrainingThread | None:
        """The thread that trains now, if one does."""
        return self.training if self.training is not None and self.training.is_alive() else None

    def _create_run(self, config: RunConfig) -> None:
        from core.runs.folder import RunFolder
        from tui.training_thread import TrainingThread

        if self.live is not None:
            raise FinetuiError("a run trains already", self.live.folder.path.name, "stop it first, or wait for its end")
        thread = TrainingThread(config, RunFolder.create(self.store.root, config), self._train)
        self.training = thread
        thread.start()
        self.watch_run(thread.folder.path)

    # keys

    def action_show(self, mode: keys.Mode) -> None:
        self.switch_mode(mode)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a dialog is open, it alone takes keys."""
        if action in ("show", "help", "screen_keys", "back", "command_palette") and self.screen.is_modal:
            return False
        return super().check_action(action, parameters)

    async def run_action(self, action: Any, default_namespace: Any = None, namespaces: Any = None) -> bool:
        """Carry out an action; a FinetuiError that it raises becomes the error dialog."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except FinetuiError as error:
            self.show_error(error)
            return True

    # errors

    def _handle_exception(self, error: Exception) -> None:
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, FinetuiError):
            self.show_error(cause)
        else:
            super()._handle_exception(error)
