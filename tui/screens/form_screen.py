"""The form over RunConfig on a screen: how it comes into being, is filled in, and is shown as a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from core.errors import FinetuiError
from tui import warm_up
from tui.screens.base import FinetuiScreen
from tui.screens.find_dialog import FindDialog
from tui.text import fitted, visible
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.config import DataConfig, RunConfig
    from tui.forms.draft import Draft
    from tui.forms.fields import FormField
    from tui.widgets.run_form import RunForm

Kept: TypeAlias = "tuple[Draft, Path | None, dict[tuple[str, ...], str]]"
Wanted: TypeAlias = "tuple[DataConfig | None, RunConfig | None, FinetuiError | None, Mapping[str, Any]]"
TRUSTING = "! runs the model's own Python code"


class FormScreen(FinetuiScreen):
    """The form comes into being once pydantic is imported, in a thread; what shall be filled in waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self._form: RunForm | None = None
        self._pending: list[Wanted] = []
        self._file: Path | None = None
        self._saved: dict[tuple[str, ...], str] = {}
        self._kept: Kept | None = None
        self._help = ""

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

    def fill(
        self,
        data: DataConfig | None,
        config: RunConfig | None,
        error: FinetuiError | None = None,
        seen: Mapping[str, Any] | None = None,
    ) -> None:
        """Fill the form from a config, or put other data into it with what that was looked at as, and keep the rest;
        then say what was wrong with it."""
        self._pending.append((data, config, error, seen or {}))
        if self._form is not None:
            self.run_worker(self._fill_pending(), group="form")

    async def _fill_pending(self) -> None:
        while self._pending:
            data, config, error, seen = self._pending.pop(0)
            if config is not None:
                self._file = None
            if data is not None or config is not None:
                await self.form.fill(data, config, seen)
            if error is not None:
                self.form.tell(error)

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
        self.call_after_refresh(self._explain)

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
        self._help = event.text
        self._explain()

    def _explain(self) -> None:
        """Write the help of the field, as much of it as there is room for."""
        place = self.query_one("#configure-help", Static)
        width, lines = place.content_size
        if width and lines:
            place.update(Content(fitted(self._help, width, lines)), layout=False)

    def on_run_form_waiting(self, event: RunForm.Waiting) -> None:
        self.status.busy = event.text

    # going from field to field

    def action_section(self, by: int) -> None:
        """Go to the next or previous section."""
        self.form.form.go_to_section(by)

    def action_find(self) -> None:
        """Ask for a field by its name, and go there; an argument of the training that has no line gets one."""

        def go(field: FormField) -> None:
            self.form.aim_at(field)
            self.run_worker(self.form.go_to(field), group="find")

        draft = self.form.draft
        dialog = FindDialog(list(draft.shown_fields()), draft.texts, go)
        self.app.push_screen(dialog)
        self.add_further(dialog)

    @work(exclusive=True, group="find")
    async def add_further(self, dialog: FindDialog) -> None:
        """Let the dialog find those that have no line, once they are read."""
        try:
            further = await asyncio.to_thread(_further, self.form.draft)
        except FinetuiError as error:  # TRL is not installed: the fields that are there can be found all the same
            further = {}
            self.notify(visible(": ".join(error.lines()[:2])), severity="warning", markup=False)
        if dialog.is_attached:
            dialog.add(list(further.values()))


def _new_form(kept: Kept | None) -> RunForm:
    from tui.forms.draft import Draft
    from tui.widgets.run_form import RunForm

    draft = kept[0] if kept else Draft()
    draft.take_roles()
    return RunForm(draft)


def _further(draft: Draft) -> dict[tuple[str, ...], FormField]:
    warm_up.wait()
    return draft.further()
