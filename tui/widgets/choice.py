"""One of a few words, chosen with the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Choice(Widget, can_focus=True):
    """All options on one line, the chosen one with a filled dot; only that one, between arrows, where room is short.

    Attributes:
        off: options that cannot be chosen now. One of them that stands there already stays.

    Args:
        options: the words.
        value: the chosen word; empty while it is left to `default`.
        default: what holds then.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", show=False),
        Binding("right,space", "move(1)", show=False),
        Binding("backspace,delete", "reset", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice--chosen", "choice--default", "choice--rest"}
    DEFAULT_CSS = """
    Choice {
        height: 1;
        & > .choice--chosen { text-style: bold; color: $primary; }
        & > .choice--default { color: $foreground; }
        & > .choice--rest { color: $text-muted; }
    }
    """

    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another option was chosen."""

        def __init__(self, choice: Choice, value: str) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

        @property
        def control(self) -> Choice:
            return self.choice

    def __init__(self, options: Sequence[str], value: str = "", default: str = "") -> None:
        super().__init__()
        self.options = list(options)
        self.default = default
        self.off: frozenset[str] = frozenset()
        self.set_reactive(Choice.value, value)

    def render(self) -> Content:
        chosen = self.value or self.default
        options = self._on()
        style = self.get_visual_style(f"choice--{'chosen' if self.value else 'default'}", partial=True)
        rest = self.get_visual_style("choice--rest", partial=True)
        if not options:
            return Content.styled("none of them fits here", rest)
        spread = Content("  ").join(
            Content.styled(f"● {option}", style) if option == chosen else Content.styled(f"○ {option}", rest)
            for option in options
        )
        if spread.cell_length <= self.size.width:
            return spread
        place = f"{options.index(chosen) + 1} of {len(options)}" if chosen in options else "not one of them"
        return Content.assemble(("« ", rest), (chosen, style), (" »", rest), (f"   {place}", rest))

    def action_move(self, by: int) -> None:
        current = self.value or self.default
        options = self._on()
        if not options:
            return
        index = options.index(current) if current in options else -by
        self._choose(options[(index + by) % len(options)])

    def _on(self) -> list[str]:
        current = self.value or self.default
        return [option for option in self.options if option not in self.off or option == current]

    def action_reset(self) -> None:
        self._choose("")

    def _choose(self, value: str) -> None:
        self.value = value
        self.post_message(self.Changed(self, value))
