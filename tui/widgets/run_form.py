"""The form over RunConfig: its fields, what is wrong with them, and what the data says about them.

Imports pydantic through `tui.forms`: a screen imports this module in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from core.errors import FinetuiError
from core.methods.kinds import is_adapter
from tui import warm_up
from tui.forms import layout, methods, outlook
from tui.forms.draft import TASK, Draft
from tui.forms.fields import COLUMNS, Path
from tui.forms.outlook import Outlook
from tui.own_thread import in_own_thread
from tui.text import one_line, visible
from tui.widgets.disclosure import Disclosure
from tui.widgets.field_row import FieldRow
from tui.widgets.form import Form, FormPart
from tui.widgets.path_input import PathInput

if TYPE_CHECKING:
    from core.config import DataConfig, RunConfig
    from tui.forms.fields import FormField


METRICS: Path = ("metrics",)
PASSING_BY = 0.2
"""Seconds on one of many methods after which it was meant, not only passed by: its options are then drawn."""


class RunForm(Vertical):
    """Draws a draft and writes what is typed into it.

    Attributes:
        draft: what is filled in.
    """

    class Changed(Message):
        """The draft is another."""

    class Helped(Message):
        """What there is to say about the field that is being filled in."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Waiting(Message):
        """The form waits for this; for nothing any more where it is empty."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        self._looked_at: object = None
        self._outlook: Outlook | None = None
        self._model_seen: dict[Path, str] = {}
        self._refusals: set[Path] = set()
        self._misread: set[Path] = set()
        self._drawing = asyncio.Lock()

    def compose(self) -> ComposeResult:
        yield Form(layout.parts(self.draft.fields), self.draft.texts, layout.PATHS)

    def on_mount(self) -> None:
        self._settle()
        self.focus_first()

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    def focus_first(self) -> None:
        next(iter(self.form.rows())).focus()

    # filling

    async def fill(
        self, data: DataConfig | None, config: RunConfig | None, seen: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Fill the form from a config, or put other data into it and keep the rest; fetch the data if need be.

        Args:
            seen: the model and the task that the other data was looked at with, as plain data of a config.
        """
        if config is not None:
            self.draft.replace(config.model_dump(mode="json", exclude_unset=True, exclude={"provenance"}))
        if data is not None:
            self.draft.take_data(data.model_dump(mode="json", exclude_unset=True), seen)
        await self.redraw()
        self.look(fetch=True)

    async def replace(self, data: dict[str, Any]) -> None:
        """Fill the form from plain data."""
        self.draft.replace(data)
        await self.redraw()
        self.look()

    async def redraw(self) -> None:
        """Draw the draft anew, as after a change of more than one field."""
        if is_adapter(self.draft.kind):
            self.post_message(self.Waiting(f"reading the options of {self.draft.kind}"))
        try:
            await in_own_thread(_take_roles, self.draft)
        finally:
            self.post_message(self.Waiting(""))
        await asyncio.shield(self._rebuild())

    async def _rebuild(self) -> None:
        """Draw the sections; one at a time, and to the end: half of it would leave a section twice."""
        async with self._drawing:
            await self.form.rebuild(layout.parts(self.draft.fields), self.draft.texts)
        for row in self.form.rows():
            fits = row.path not in self.draft.off_at() and not layout.of_other_tasks(row.path, self.draft.texts)
            row.show_error("" if fits else self.draft.check(row.path))
        if (kind := self.form.row(methods.KIND)) is not None and kind.has_focus_within:
            self._help(kind)
            self.call_after_refresh(kind.scroll_visible, animate=False)
        self._settle()

    def _settle(self) -> None:
        for path, off in self.draft.off_at().items():
            if (row := self.form.row(path)) is not None:
                row.narrow(off)
        self.form.reveal(self.draft.shown)
        self.post_message(self.Changed())

    def on_field_row_changed(self, event: FieldRow.Changed) -> None:
        event.stop()
        self.draft.texts[event.row.path] = event.row.text
        event.row.show_error("")  # it was of the text before; this one is looked at when it is left
        self._recheck(self._refusals)
        if event.row.path == ("task",):
            self.change_task()
        if event.row.path == methods.KIND:
            self._help(event.row)
            self.change_task(wait=PASSING_BY)
        self._settle()

    @work(exclusive=True, group="task")
    async def change_task(self, wait: float = 0) -> None:
        """Another task has other roles, another method other options.

        Args:
            wait: seconds in which another choice may follow, and this one was only passed by.
        """
        await asyncio.sleep(wait)
        await self.redraw()
        self.look()

    @work(group="unfold")
    async def on_disclosure_toggled(self, event: Disclosure.Toggled) -> None:
        event.stop()
        part = event.disclosure.parent
        if event.disclosure.open and isinstance(part, FormPart):
            async with self._drawing:
                await part.unfold()
        self._settle()

    def aim_at(self, field: FormField) -> None:
        """Take the focus from where it is, at once: to the line of a field, or to where that will be drawn."""
        row = self.form.row(field.path)
        if row is not None and row.display:
            row.take_focus()
        elif (folded := self.form.folded(field.path[0])) is not None:
            self.screen.set_focus(folded)

    async def go_to(self, field: FormField) -> None:
        """Go to the line of a field; an argument that has none gets one."""
        if field.path not in self.draft.fields:
            self.draft.pick(field)
            await asyncio.shield(self._rebuild())
        async with self._drawing:
            row = await self.form.show_row(field.path)
        self._settle()
        if row is not None and row.display:
            row.take_focus()
            self.call_after_refresh(row.scroll_visible, animate=False)

    # help

    def on_field_row_entered(self, event: FieldRow.Entered) -> None:
        event.stop()
        self._help(event.row)

    def _help(self, row: FieldRow) -> None:
        help = visible(row.field.help)
        if row.path == methods.KIND:
            help = visible(methods.explain(self.draft.kind, self.draft.off), keep="\n")
        elif reasons := set(self.draft.off_at().get(row.path, {}).values()):
            help += f"\noff here: {'; '.join(sorted(reasons))}"
        elif row.field.picked:
            help += f"\n{row.field.name} of the task's arguments; empty: {row.placeholder or 'the library decides'}"
        if row.suggestions:
            help += f"\none of: {one_line(', '.join(row.suggestions))}"
        self.post_message(self.Helped(help))

    def on_path_input_candidates(self, event: PathInput.Candidates) -> None:
        event.stop()
        self.post_message(self.Helped(visible(" · ".join(event.names))))

    # what is wrong

    @on(FieldRow.Left)
    def check_row(self, event: FieldRow.Left) -> None:
        event.stop()
        event.row.show_error(self.draft.check(event.row.path) or self._refused(event.row))
        if event.row.path[0] in ("data", "task"):
            self.look()
        if event.row.path in methods.MODEL and event.row.text != self._model_seen.get(event.row.path, ""):
            self._model_seen[event.row.path] = event.row.text
            self.change_task()

    def check(self) -> int:
        """Mark what is wrong, go to the first of it, and say how many there are."""
        problems = self.draft.problems()
        rows = [(row, problem.message) for problem in problems if (row := self.form.row(problem.path)) is not None]
        for row, message in rows:
            row.show_error(message)
        if rows:
            rows[0][0].focus()
        return len(problems)

    def tell(self, error: FinetuiError) -> None:
        """Show what a run of the form was refused for, beside the field that it speaks of. It holds until the form is
        another: any field may be the remedy."""
        self._refusals.add(self._show(error))

    def _recheck(self, told: set[Path]) -> None:
        """Take away what was told beside these fields, where that is not wrong by itself."""
        for path in told:
            if (row := self.form.row(path)) is not None:
                row.show_error(self.draft.check(path))
        told.clear()

    def _show(self, error: FinetuiError) -> Path:
        """Show an error beside the field that it speaks of, beside the data where it names none; and say which."""
        path = self.draft.find(error) or next(path for path in self.draft.order() if path[0] == "data")
        row = self.form.row(path)
        if row is not None:
            row.show_error(": ".join(part for part in (error.title, error.hint) if part))
        return path

    # what the data says

    @work(exclusive=True, group="look")
    async def look(self, fetch: bool = False) -> None:
        """Read the data for splits, columns and labels. What is not on this machine stays unread, unless `fetch`."""
        try:
            data = self.draft.data()
        except FinetuiError:
            return
        wanted = {key: data.get(key) for key in ("task", "data")}
        if wanted != self._looked_at:
            self._looked_at, self._outlook = wanted, None
            self._forget()
            if not wanted["data"]:
                return
            self.post_message(self.Waiting("reading the data"))
            try:
                self._outlook = await asyncio.to_thread(outlook.look, data, fetch)
            except FinetuiError as error:
                self._misread.add(self._show(error))
            finally:
                self.post_message(self.Waiting(""))
        if self._outlook is not None:
            if self._outlook.task and not self.draft.texts.get(TASK):
                self._take_task(self._outlook.task)
                return
            self._take(self._outlook)

    def _take_task(self, task: str) -> None:
        """Nobody has chosen a task, and the columns are for this one: choose it, for all to see."""
        self.draft.texts[TASK] = task
        self.change_task()
        self.notify(f"task: {task}, by the names of the columns", markup=False)

    def _forget(self) -> None:
        self.draft.idle = {}
        self._recheck(self._misread)
        for row in self.form.rows():
            row.suggest([])
            row.show_note("")

    def _take(self, seen: Outlook) -> None:
        if seen.idle != self.draft.idle:
            self.draft.idle = seen.idle
            self._settle()
        for path, guess in seen.guesses.items():
            words = {"data": seen.splits, "metrics": seen.metrics}.get(path[0], [])
            self._suggest(path, words, guess)
        for row in self.form.rows():
            if row.path[:2] == COLUMNS:
                row.suggest(seen.columns, seen.guesses.get(row.path, ""))
            if row.path in layout.SOURCE and row.text:
                row.show_note(" · ".join(f"{name} {rows:,}" for name, rows in seen.splits.items()))
            if row.path == seen.noted:
                row.show_note(" · ".join(seen.notes))
        if seen.error is not None:
            self._misread.add(self._show(seen.error))

    def _refused(self, row: FieldRow) -> str:
        return self._outlook.refuse_metrics(row.text) if self._outlook and row.path == METRICS else ""

    def _suggest(self, path: Path, words: Iterable[str], guess: str) -> None:
        if (row := self.form.row(path)) is not None:
            row.suggest(list(words), guess)


def _take_roles(draft: Draft) -> None:
    if is_adapter(draft.kind) or any(draft.texts.get(path) for path in methods.MODEL):
        warm_up.wait()
    draft.take_roles()
