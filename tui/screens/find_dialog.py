"""Finds a field of the form by a part of its name or of its help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from core.training.argument_names import ALIASES, RENAMED
from tui.screens.dialogs import Dialog
from tui.text import one_line

if TYPE_CHECKING:
    from tui.forms.fields import FormField, Path

NAME = 42
"""Columns of a field's key."""
VALUE = 24
"""Characters of what stands in it."""


class FindDialog(Dialog):
    """A line to type in above the fields that match. Its result is the key of one, or an empty text.

    Args:
        fields: what can be found; `add` gives it more, and until then an Enter waits that no name here answers.
        texts: what stands in them.
        go: told the field before the dialog closes: so what is typed next comes to that field, not to the one before.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
    ]

    def __init__(self, fields: Sequence[FormField], texts: Mapping[Path, str], go: Callable[[FormField], None]) -> None:
        super().__init__("Find an option", [], [("", "Back")])
        self._go = go
        self._fields = fields
        self._texts = texts
        self._found: list[FormField] = []
        self._named = 0
        self._complete = False
        self._submitted = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(self._title), id="dialog-title")
            yield Input(placeholder="a part of its name, or of what it does", compact=True, select_on_focus=False)
            yield OptionList(id="find-fields", markup=False, compact=True)
            yield Static(id="find-help")
            yield Static(Content("↑ ↓ choose   Enter go there   Esc back"), classes="quiet")

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._look("")

    def add(self, fields: Sequence[FormField]) -> None:
        """What else can be found; there is no more. An Enter that came before that is answered now."""
        self._fields = [*self._fields, *fields]
        self._complete = True
        self._look(self.query_one(Input).value)
        if self._submitted:
            self._choose_highlighted()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._submitted = False
        self._look(event.value)

    def _look(self, text: str) -> None:
        """List what has every word: in names first, then in the help."""
        words = text.lower().replace(" ", "_").split("_")
        in_name = [field for field in self._fields if all(word in _names(field) for word in words)]
        known = {field.path for field in in_name}
        in_help = [
            field
            for field in self._fields
            if field.path not in known and all(word in f"{_names(field)} {field.help.lower()}" for word in words)
        ]
        self._found = [*in_name, *in_help]
        self._named = len(in_name)
        table = self.query_one(OptionList)
        table.set_options(
            Option(_line(field, self._texts.get(field.path, "")), id=_key(field)) for field in self._found
        )
        table.highlighted = 0 if self._found else None
        self._explain()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._explain()

    def _explain(self) -> None:
        """Say what the chosen field does: that of now, for a message may speak of a list that was longer."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self._help(self._found[at].help)
        else:
            self._help("nothing is called that" if self._complete else "reading the training arguments")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose_highlighted()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._named or self._complete:
            self._choose_highlighted()
        else:
            self._submitted = True

    def _choose_highlighted(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self._go(self._found[at])
            self.dismiss(_key(self._found[at]))

    def action_move(self, by: int) -> None:
        table = self.query_one(OptionList)
        if table.highlighted is not None:
            table.highlighted = max(0, min(len(self._found) - 1, table.highlighted + by))

    def _help(self, text: str) -> None:
        width = self.query_one("#find-help").size.width or 70
        self.query_one("#find-help", Static).update(Content(one_line(text, 3 * width - 10)))


def _key(field: FormField) -> str:
    return ".".join(field.path)


def _names(field: FormField) -> str:
    """Its key, and the names that other versions and tools have for it, in lower case."""
    key = _key(field)
    others = [
        old for old, now in {**RENAMED, **ALIASES}.items() if now.partition(" ")[0].rstrip(":") in (key, field.name)
    ]
    return " ".join([key.lower(), *others])


def _line(field: FormField, text: str) -> Content:
    """Its key, and what stands in it; muted: what holds while nothing does."""
    value = (one_line(text, VALUE), "") if text.strip() else (_default(field), "$text-muted")
    return Content.assemble(f"{one_line(_key(field), NAME):{NAME}} ", value)


def _default(field: FormField) -> str:
    if field.choices and isinstance(field.default, bool):
        return "yes" if field.default else "no"
    return "" if field.default in (None, {}, []) else one_line(str(field.default), VALUE)
