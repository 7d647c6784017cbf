"""A run on the drawing board: the file that the form comes from or goes to, what the model gets, the start."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import BindingType

from core.errors import FinetuiError
from tui import keys, warm_up
from tui.screens.dialogs import ConfirmDialog
from tui.screens.form_screen import FormScreen
from tui.screens.path_dialog import PathDialog
from tui.screens.start_dialog import StartDialog
from tui.text import visible

if TYPE_CHECKING:
    from core.config import RunConfig
    from tui.token_reader import TokenReader

NEEDS_FORM = ("start", "inspect", "save", "open", "new", "section", "find")


class ConfigureScreen(FormScreen):
    """What can be done with the form."""

    MODE = "configure"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("configure")
    CSS_PATH = "configure.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in NEEDS_FORM:
            return self._form is not None
        return super().check_action(action, parameters)

    # files

    def action_new(self) -> None:
        """Begin anew, if the person is sure."""
        self.app.push_screen(ConfirmDialog("Empty the form?", "What is not saved is lost.", "Empty it"), self._empty)

    def _empty(self, answer: str | None) -> None:
        if answer == "yes":
            from tui.forms import layout

            self.take(None, dict(layout.START))

    def action_open(self) -> None:
        """Ask for a file, and fill the form from it."""
        dialog = PathDialog("Open a config", "open", "path of a YAML file")
        self.app.push_screen(dialog, self._read_from)

    def _read_from(self, name: str | None) -> None:
        if name:
            self.read_file(Path(name).expanduser())

    @work(exclusive=True, group="file")
    async def read_file(self, path: Path) -> None:
        """Fill the form from a YAML file; the form stays as it is if that cannot be read."""
        self.take(path, await asyncio.to_thread(_read, path))

    @work(exclusive=True, group="form")
    async def take(self, path: Path | None, data: dict[str, Any]) -> None:
        """Fill the form with what a file says."""
        self._file = path
        await self.form.replace(data)
        self._saved = self.form.draft.filled()
        self.on_run_form_changed()

    def action_save(self) -> None:
        """Ask where to write the form."""
        path = str(self._file) if self._file else "run.yaml"
        dialog = PathDialog("Save the config", "save", "path of a YAML file", path, writes=True, own=self._file)
        self.app.push_screen(dialog, self._write_to)

    def _write_to(self, name: str | None) -> None:
        if name:
            self.write_file(Path(name).expanduser())

    @work(exclusive=True, group="file")
    async def write_file(self, path: Path) -> None:
        """Write the form as it is, finished or not."""
        text = self.form.draft.to_yaml()
        await asyncio.to_thread(_write, path, text)
        self._file, self._saved = path, self.form.draft.filled()
        self.on_run_form_changed()
        self.notify(visible(str(path)), title="saved", markup=False)

    # what the model gets

    def action_inspect(self) -> None:
        """Show what the model gets of the data."""
        self.call_after_refresh(self._inspect)

    def _inspect(self) -> None:
        if self.form.check():
            self.notify("the marked fields need a look first", severity="warning")
            return
        self.inspect_run(self.form.draft.config())

    @work(exclusive=True, group="inspect")
    async def inspect_run(self, config: RunConfig) -> None:
        """Load data and tokenizer as the run will, and show them."""
        self.status.busy = "reading data and tokenizer"
        try:
            reader = await asyncio.to_thread(_reader, config)
        except FinetuiError as error:
            self.form.tell(error)
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
        from tui.screens.inspector import InspectorScreen

        await self.app.push_screen(InspectorScreen(self.MODE, reader, reader.train))

    # the start

    def action_start(self) -> None:
        """Check the run; the dialog that shows what was found starts it."""
        # This key goes before those that the focused line still has to take: they count too.
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        wrong = self.form.check()
        if wrong:
            self.notify(f"{wrong} field{'s need' if wrong > 1 else ' needs'} a look first", severity="warning")
            return
        from core import user_code

        config = self.form.draft.config()
        names = user_code.named(config)
        if names:
            self._let_run(config, names)
        else:
            self._check_and_start(config)

    @work
    async def _let_run(self, config: RunConfig, names: dict[str, str]) -> None:
        """Ask before functions run that this machine has not run yet: the form may be filled from anybody's file."""
        from core import user_code

        new = await asyncio.to_thread(user_code.unknown, names)
        if new:
            files = ", ".join(map(str, new))
            line = f"The run needs functions of {files}. Code can do all that you can: read it first."
            if await self.app.push_screen_wait(ConfirmDialog("Run this code?", line, "Run it")) != "yes":
                self.notify("the run was not checked: its code may not run", severity="warning")
                return
            await asyncio.to_thread(user_code.allow, names)
        self._check_and_start(config)

    def _check_and_start(self, config: RunConfig) -> None:
        dialog = StartDialog(config, trial=self.finetui.live is None)
        self.app.push_screen(dialog, lambda answer: self._answer(dialog, answer))

    def _answer(self, dialog: StartDialog, answer: str | None) -> None:
        if answer == "start":
            self.finetui.start_run(dialog.config)
        elif dialog.error is not None:
            self.form.tell(dialog.error)


def _reader(config: RunConfig) -> TokenReader:
    warm_up.wait()
    from tui import token_reader

    return token_reader.of_run(config)


def _read(path: Path) -> dict[str, Any]:
    from core import config_file

    return config_file.load(path).document.data


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FinetuiError(f"cannot write {path.name}", f"{path}: {error.strerror}", "choose another place") from None
