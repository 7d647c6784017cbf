"""The form: sections of fields on one scrolling page, driven with Tab, arrows and Enter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from tui.widgets.disclosure import Disclosure
from tui.widgets.field_row import FieldRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tui.forms.fields import FormField, Path
    from tui.forms.layout import Part


class FormPart(Vertical):
    """A titled section. What stands behind `more` comes into view once it is filled in, or when it is asked for."""

    def __init__(self, part: Part, texts: Mapping[Path, str], paths: Collection[Path]) -> None:
        super().__init__()
        self.part = part
        self._texts = texts
        self._paths = paths

    def compose(self) -> ComposeResult:
        yield Static(Content(self.part.title), classes="part-title")
        for field in self.part.first:
            yield self._row(field)
        if self.part.more:
            yield Disclosure()
        for field in self.part.more:
            row = self._row(field)
            row.add_class("more")
            yield row

    def rows(self) -> list[FieldRow]:
        return list(self.query(FieldRow))

    def reveal(self, shown: Callable[[Path], bool]) -> None:
        """Show the rows that count now."""
        disclosure = next(iter(self.query(Disclosure)), None)
        hidden = []
        for row in self.rows():
            row.display = shown(row.path)
            if row.display and row.has_class("more") and not row.text:
                hidden.append(row.field.name)
                row.display = disclosure is not None and disclosure.open
        if disclosure is not None:
            disclosure.hidden = hidden
            disclosure.display = bool(hidden)
        self.display = any(row.display for row in self.rows())

    def _row(self, field: FormField) -> FieldRow:
        return FieldRow(field, self._texts.get(field.path, ""), field.path in self._paths)


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

    async def rebuild(self, parts: list[Part], texts: Mapping[Path, str]) -> None:
        """Take other sections and texts; what is the same stays as it is, the focus too."""
        self._parts, self._texts = parts, texts
        for old, part in zip(list(self.query(FormPart)), parts, strict=True):
            if old.part == part:
                for row in old.rows():
                    row.show(texts.get(row.path, ""))
                continue
            focused = next((row.path for row in old.rows() if row.has_focus_within), None)
            new = FormPart(part, texts, self._paths)
            await self.mount(new, before=old)
            if focused is not None and (again := self.row(focused)) is not None:
                again.show(texts.get(focused, ""))  # a key may have changed the old one meanwhile
                again.take_focus()
            await old.remove()

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
