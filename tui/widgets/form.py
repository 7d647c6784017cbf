"""The form: sections of fields on one scrolling page, driven with Tab, arrows and Enter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.widgets.disclosure import Disclosure
from tui.widgets.field_row import FieldRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tui.forms.fields import FormField, Path
    from tui.forms.layout import Part


class FormPart(Vertical):
    """A titled section. What stands behind `more` comes into view once it is filled in, or when it is asked for; until
    then it has no row: a section may have fifty fields, and each row is drawn of four widgets.

    Attributes:
        part: the fields that the section is of.
    """

    def __init__(self, part: Part, texts: Mapping[Path, str], paths: Collection[Path]) -> None:
        super().__init__()
        self.part = part
        self._texts = texts
        self._paths = paths
        self._open = False
        self._filling = asyncio.Lock()

    def compose(self) -> ComposeResult:
        yield Static(Content(self.part.title), classes="part-title")
        for field in self.part.first:
            yield self._row(field)
        yield Disclosure()
        for field in self.part.more:
            if self._texts.get(field.path):
                yield self._row(field, more=True)

    def rows(self) -> list[FieldRow]:
        return list(self.query(FieldRow))

    def reveal(self, shown: Callable[[Path], bool]) -> None:
        """Show the rows that count now."""
        disclosures = self.query(Disclosure)
        if not disclosures:
            return  # the app is left while the form is drawn anew
        disclosure = disclosures.first()
        rows = {row.path: row for row in self.rows()}
        hidden = []
        for field in (*self.part.first, *self.part.more):
            row, counts = rows.get(field.path), shown(field.path)
            if row is None:
                hidden += [field.name] if counts else []
                continue
            row.display = counts
            if counts and row.has_class("more") and not row.text:
                hidden.append(field.name)
                row.display = disclosure.open
        disclosure.hidden = hidden
        disclosure.display = bool(hidden)
        self.display = bool(hidden) or any(row.display for row in rows.values())

    async def take(self, part: Part, texts: Mapping[Path, str]) -> None:
        """Be of other fields and texts. Rows of fields that stay are not touched, so that no key is lost in them."""
        self._texts = texts
        async with self._filling:
            await self._take_rows(part)
            self.part = part
            for row in self.rows():
                row.show(texts.get(row.path, ""))

    async def unfold(self) -> None:
        """Draw all that stands behind `more`."""
        self._open = True
        await self.take(self.part, self._texts)

    async def _take_rows(self, part: Part) -> None:
        heads = self.query(".part-title")
        if not heads:
            return  # the app is left while the form is drawn anew
        more = [field for field in part.more if self._open or self._texts.get(field.path)]
        wanted = {field.path: field for field in (*part.first, *more)}
        kept = {row.path: row for row in self.rows() if (it := wanted.get(row.path)) and row.take(it)}
        await self.remove_children([row for row in self.rows() if kept.get(row.path) is not row])
        await self._place(part.first, kept, heads.first(), more=False)
        await self._place(more, kept, self.query_one(Disclosure), more=True)

    async def _place(self, fields: Sequence[FormField], kept: Mapping[Path, FieldRow], at: Widget, more: bool) -> None:
        """Put the rows of these fields after a widget, in their order; those that are new come in groups."""
        new: list[Widget] = []
        for field in fields:
            row = kept.get(field.path)
            if row is None:
                new.append(self._row(field, more))
                continue
            if new:
                await self.mount_all(new, after=at)
            row.set_class(more, "more")
            previous, new = (new[-1] if new else at), []
            if row not in self.children or previous not in self.children:
                return  # the app is left meanwhile
            if self.children.index(row) != self.children.index(previous) + 1:
                self.move_child(row, after=previous)
            at = row
        if new:
            await self.mount_all(new, after=at)

    def _row(self, field: FormField, more: bool = False) -> FieldRow:
        row = FieldRow(field, self._texts.get(field.path, ""), field.path in self._paths)
        row.set_class(more, "more")
        return row


class Form(VerticalScroll, can_focus=False, inherit_bindings=False):
    """All sections.

    Args:
        parts: what there is to fill in.
        texts: path -> what stands there.
        paths: the fields that complete paths.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, parts: list[Part], texts: Mapping[Path, str], paths: Collection[Path]) -> None:
        super().__init__()
        self._parts = parts
        self._texts = texts
        self._paths = paths

    def compose(self) -> ComposeResult:
        for part in self._parts:
            yield FormPart(part, self._texts, self._paths)

    def rows(self) -> Iterator[FieldRow]:
        return iter(self.query(FieldRow))

    def row(self, path: Path) -> FieldRow | None:
        return next((row for row in self.rows() if row.path == path), None)

    def folded(self, section: str) -> Disclosure | None:
        """The line that stands for what is folded away of a section."""
        for part in self.query(FormPart):
            if any(field.path[0] == section for field in (*part.part.first, *part.part.more)):
                return part.query_one(Disclosure)
        return None

    async def rebuild(self, parts: list[Part], texts: Mapping[Path, str]) -> None:
        """Take other sections and texts; what is the same stays as it is, the focus too."""
        self._parts, self._texts = parts, texts
        # Fewer than before only where the app is being left: what is gone has nothing to take.
        for old, part in zip(list(self.query(FormPart)), parts, strict=False):
            if old.is_attached:
                await old.take(part, texts)

    async def show_row(self, path: Path) -> FieldRow | None:
        """The row of a field, drawn if it was not; None where no section has it."""
        for part in self.query(FormPart):
            if self.row(path) is None and any(field.path == path for field in part.part.more):
                part.query_one(Disclosure).open = True
                await part.unfold()
        return self.row(path)

    def reveal(self, shown: Callable[[Path], bool]) -> None:
        for part in self.query(FormPart):
            part.reveal(shown)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    def go_to_section(self, by: int) -> None:
        """Go to the first field of the next or previous section."""
        parts = [part for part in self.query(FormPart) if part.display]
        here = next((index for index, part in enumerate(parts) if part.has_focus_within), 0)
        target = parts[max(0, min(len(parts) - 1, here + by))]
        next(row for row in target.rows() if row.display).focus()
