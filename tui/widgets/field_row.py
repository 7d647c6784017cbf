"""One field of the form: its name, its editor, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static, TextArea

from tui.text import one_line, visible
from tui.widgets.choice import Choice
from tui.widgets.cut_input import CutInput
from tui.widgets.last_word import SuggestLast
from tui.widgets.path_input import PathInput

if TYPE_CHECKING:
    from tui.forms.fields import FormField, Path


class FreeText(TextArea):
    """Lines to type in; up and down leave it at its ends, as they leave every other field."""

    def action_cursor_up(self, select: bool = False) -> None:
        if self.cursor_at_first_line and not select:
            self.screen.focus_previous()
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if self.cursor_at_last_line and not select:
            self.screen.focus_next()
        else:
            super().action_cursor_down(select)


class FieldRow(Vertical):
    """A line of the form.

    Args:
        field: what is edited.
        text: what stands in it.
        is_path: whether it completes paths.
    """

    class About(Message):
        def __init__(self, row: FieldRow) -> None:
            super().__init__()
            self.row = row

        @property
        def control(self) -> FieldRow:
            return self.row

    class Entered(About):
        """The field has the focus now."""

    class Left(About):
        """The field lost the focus."""

    class Changed(About):
        """The field's text is another; it stands in `row.text`."""

    def __init__(self, field: FormField, text: str = "", is_path: bool = False) -> None:
        super().__init__(classes="is-other" if field.is_other else "")
        self.field = field
        self.text = text
        self.suggestions: list[str] = []
        self._is_path = is_path
        self._editor = self._make_editor()
        self._label = Static(Content(f"  {self.field.name}"), classes="field-name")
        self._error = Static("", classes="field-error")

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field-line"):
            yield self._label
            yield self._editor
        yield self._error

    @property
    def path(self) -> Path:
        return self.field.path

    def take(self, field: FormField) -> bool:
        """Be of this field, where it is edited in the same way; else False."""
        if (field.choices, field.is_other) != (self.field.choices, self.field.is_other):
            return False
        if field != self.field:
            self.field = field
            if isinstance(self._editor, Input):
                self._editor.placeholder = self._placeholder()
            elif isinstance(self._editor, Choice):
                self._editor.default = self._placeholder()
                self._editor.refresh()
        return True

    def show(self, text: str) -> None:
        """Put `text` into the editor."""
        if text == self.text:
            return
        self.text = text
        editor = self._editor
        with self.prevent(Input.Changed, TextArea.Changed):
            if isinstance(editor, TextArea):
                editor.text = visible(text, keep="\n")
            elif isinstance(editor, Input):
                editor.value = visible(text)
            else:
                editor.value = text

    def show_error(self, message: str) -> None:
        """Say what is wrong, below the editor; an empty message takes it away."""
        if message or self.has_class("wrong"):
            self._error.update(Content(f"✗ {visible(message)}" if message else ""))
            self.set_class(bool(message), "wrong")
            self.remove_class("noted")

    def show_note(self, text: str) -> None:
        """Say something about what stands there, below the editor, where nothing is wrong."""
        if not self.has_class("wrong") and (text or self.has_class("noted")):
            self._error.update(Content(visible(text)))
            self.set_class(bool(text), "noted")

    def suggest(self, words: list[str], guess: str = "") -> None:
        """Complete from these words; `guess` holds while the field is empty."""
        self.suggestions = words
        if isinstance(self._editor, Input):
            many = "list" in str(self.field.annotation)
            self._editor.suggester = SuggestLast(words) if many else SuggestFromList(words)
            self._editor.placeholder = f"{one_line(guess)} (guessed)" if guess else self._placeholder()

    @property
    def placeholder(self) -> str:
        """What stands there while nothing does."""
        return self._placeholder()

    def narrow(self, off: Iterable[str]) -> None:
        """Leave these words out of those to choose from."""
        if isinstance(self._editor, Choice) and self._editor.off != frozenset(off):
            self._editor.off = frozenset(off)
            self._editor.refresh()

    def focus(self, scroll_visible: bool = True) -> FieldRow:
        self._editor.focus(scroll_visible)
        return self

    def take_focus(self) -> None:
        """Have the focus at once: `focus` leaves a moment in which a key goes nowhere."""
        self.screen.set_focus(self._editor)

    def _make_editor(self) -> Choice | Input | TextArea:
        field = self.field
        if field.choices:
            return Choice(field.choices, self.text, self._placeholder())
        if field.is_other:
            return FreeText(
                visible(self.text, keep="\n"),
                compact=True,
                highlight_cursor_line=False,
                placeholder=Content("key: value"),
            )
        kind = PathInput if self._is_path else CutInput
        return kind(visible(self.text), placeholder=self._placeholder(), compact=True, select_on_focus=False)

    def _placeholder(self) -> str:
        default: Any = self.field.default
        if isinstance(default, bool):
            return "yes" if default else "no"
        if default is None or default == {}:
            return self.field.help if self._is_path else ""
        return str(default)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self._label.update(Content(f"» {self.field.name}"), layout=False)
        self.post_message(self.Entered(self))

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        self._label.update(Content(f"  {self.field.name}"), layout=False)
        self.post_message(self.Left(self))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._take(event.value)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._take(event.text_area.text)

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.stop()
        self._take(event.value)

    def _take(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.post_message(self.Changed(self))
