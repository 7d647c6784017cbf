"""A run on the drawing board: the form over RunConfig, the file it comes from or goes to, the check, the start."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.errors import FinetuiError
from tui import keys, warm_up
from tui.screens.base import FinetuiScreen
from tui.screens.dialogs import ConfirmDialog
from tui.screens.find_dialog import FindDialog
from tui.screens.path_dialog import PathDialog
from tui.screens.start_dialog import StartDialog
from tui.text import visible
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from core.config import DataConfig, RunConfig
    from tui.forms.draft import Draft
    from tui.forms.fields import FormField
    from tui.token_reader import TokenReader
    from tui.widgets.run_form import RunForm

Kept: TypeAlias = "tuple[Draft, Path | None, dict[tuple[str, ...], str]]"
NEEDS_FORM = ("start", "inspect", "save", "open", "new", "section", "find")
TRUSTING = "! runs the model's own Python code"


class ConfigureScreen(FinetuiScreen):
    """The form comes into being once pydantic is imported, in a thread; what shall be filled in waits for it."""

    MODE = "configure"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("configure")
    CSS_PATH = "configure.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._form: RunForm | None = None
        self._pending: list[tuple[DataConfig | None, RunConfig | None]] = []
        self._file: Path | None = None
        self._saved: dict[tuple[str, ...], str] = {}
        self._kept: Kept | None = None

    def compose_body(self) -> ComposeResult:
        yield StatusLine()
        with Horizontal(id="configure-body"):
            yield Vertical(id="configure-form")
            with VerticalScroll(id="configure-preview", classes="pane", can_focus=False):
                yield Static(id="configure-yaml")
        yield Static(id="configure-help")

    def on_mount(self) -> None:
        self.query_one("#configure-preview").border_title = "as a file"
        self.build()

    @property
    def status(self) -> StatusLine:
        return self.query_one(StatusLine)

    @property
    def form(self) -> RunForm:
        """The form; nothing that needs it can be asked for before it is there."""
        assert self._form is not None
        return self._form

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in NEEDS_FORM:
            return self._form is not None
        return super().check_action(action, parameters)

    @work(exclusive=True, group="form")
    async def build(self) -> None:
        """Make the form, then fill in what waits."""
        self.status.busy = "preparing the form"
        form = await asyncio.to_thread(_new_form, self._kept)
        await self.query_one("#configure-form").mount(form)
        self.status.busy = ""
        self._form = form
        if self._kept is None:
            self._saved = form.draft.filled()
        else:
            _, self._file, self._saved = self._kept
            form.look()
        self.refresh_bindings()
        await self._fill_pending()

    def kept(self) -> Kept | None:
        """What stands in the form, its file, and what stands in that."""
        return None if self._form is None else (self._form.draft, self._file, self._saved)

    def take_kept(self, kept: Kept) -> None:
        self._kept = kept

    def fill(self, data: DataConfig | None, config: RunConfig | None) -> None:
        """Fill the form from a config, or put other data into it and keep the rest."""
        self._pending.append((data, config))
        if self._form is not None:
            self.run_worker(self._fill_pending(), group="form")

    async def _fill_pending(self) -> None:
        while self._pending:
            data, config = self._pending.pop(0)
            if config is not None:
                self._file = None
            await self.form.fill(data, config)

    def described(self) -> dict[str, Any]:
        """Plain data of what is filled in so far; empty where that cannot be read."""
        try:
            return self._form.draft.data() if self._form is not None else {}
        except FinetuiError:
            return {}

    # what the form says

    def on_run_form_changed(self) -> None:
        """Bring the title and the preview up to date."""
        if self._form is None:
            return
        draft = self._form.draft
        name = str(self._file) if self._file else "new run"
        self.status.text = f"{name} · not saved" if draft.filled() != self._saved else name
        self.status.aside = TRUSTING if draft.texts.get(("model", "trust_remote_code")) == "yes" else ""
        self._preview()

    def on_resize(self) -> None:
        self._preview()

    def _preview(self) -> None:
        """Show the form as a file, where there is room for that: writing YAML takes longer than a key."""
        if self._form is None or not self.has_class("-wide"):
            return
        try:
            text = self._form.draft.to_yaml()
        except FinetuiError as error:
            text = str(error)
        self.query_one("#configure-yaml", Static).update(Content(visible(text, keep="\n")))

    def on_run_form_helped(self, event: RunForm.Helped) -> None:
        self.query_one("#configure-help", Static).update(Content(event.text), layout=False)

    def on_run_form_waiting(self, event: RunForm.Waiting) -> None:
        self.status.busy = event.text

    @work(exclusive=True, group="find")
    async def action_find(self) -> None:
        """Ask for a field by its name, and go there; an argument of the training that has no line gets one."""
        self.status.busy = "reading the training arguments"
        try:
            further = await asyncio.to_thread(_further, self.form.draft)
        except FinetuiError as error:  # TRL is not installed: the fields that are there can be found all the same
            further = {}
            self.notify(visible(": ".join(error.lines()[:2])), severity="warning", markup=False)
        finally:
            self.status.busy = ""
        fields = {field.path: field for field in (*self.form.draft.shown_fields(), *further.values())}

        def go(key: str) -> None:
            field = fields[tuple(key.split("."))]
            self.form.aim_at(field)
            self.run_worker(self.form.go_to(field), group="find")

        self.app.push_screen(FindDialog(list(fields.values()), go))

    # files

    def action_section(self, by: int) -> None:
        """Go to the next or previous section."""
        self.form.form.go_to_section(by)

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


def _new_form(kept: Kept | None) -> RunForm:
    from tui.forms.draft import Draft
    from tui.widgets.run_form import RunForm

    draft = kept[0] if kept else Draft()
    draft.take_roles()
    return RunForm(draft)


def _further(draft: Draft) -> dict[tuple[str, ...], FormField]:
    warm_up.wait()
    return draft.further()


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
