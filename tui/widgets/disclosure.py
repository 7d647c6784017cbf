"""A line that stands for what is folded away."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.text import one_line


class Disclosure(Widget, can_focus=True):
    """Names what it hides; Enter or space shows it, and folds it away again."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "unfold", show=False)]
    DEFAULT_CSS = "Disclosure { height: 1; color: $text-muted; }"

    open: reactive[bool] = reactive(False)
    hidden: reactive[list[str]] = reactive(list)

    class Toggled(Message):
        """It was opened or closed."""

        def __init__(self, disclosure: Disclosure) -> None:
            super().__init__()
            self.disclosure = disclosure

    def render(self) -> Content:
        if self.open:
            return Content("▾ less")
        return Content(one_line(f"▸ more: {', '.join(self.hidden)}", self.size.width))

    def action_unfold(self) -> None:
        self.open = not self.open
        self.post_message(self.Toggled(self))
