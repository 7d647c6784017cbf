"""One of a few words, chosen with the arrow keys or by typing how it begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Blur, Key
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.timer import Timer
from textual.widget import Widget

PAUSE = 1.0
"""Seconds without a letter after which the next one begins another word."""


class Choice(Widget, can_focus=True):
    """All options on one line, the chosen one with a filled dot; only that one, between arrows, where room is short.

    Letters choose the first option that begins with them. They belong to it, so `h` and `l` are no arrows here.

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
        self._typed = ""
        self._typed_at = 0.0
        self._before = value
        self._forgetting: Timer | None = None
        self.set_reactive(Choice.value, value)

    def render(self) -> Content:
        chosen = self.value or self.default
        options = self._on()
        style = self.get_visual_style(f"choice--{'chosen' if self.value else 'default'}", partial=True)
        rest = self.get_visual_style("choice--rest", partial=True)
        if not options:
            return Content.styled("none of them fits here", rest)
        spread = Content("  ").join(
            self._marked("● ", option, style) if option == chosen else Content.styled(f"○ {option}", rest)
            for option in options
        )
        typed = Content.styled(f"   {self._remark()}", rest) if self._typed else Content("")
        if spread.cell_length + typed.cell_length <= self.size.width:
            return Content.assemble(spread, typed)
        place = f"{options.index(chosen) + 1} of {len(options)}" if chosen in options else "not one of them"
        aside = typed if self._typed else Content.styled(f"   {place}", rest)
        return Content.assemble(("« ", rest), self._marked("", chosen, style), (" »", rest), aside)

    def _marked(self, mark: str, option: str, style: Style) -> Content:
        """The chosen option behind its mark, with what was typed of it underlined."""
        begin, end = len(mark), len(mark) + (len(self._typed) if _begins(option, self._typed) else 0)
        return Content.styled(f"{mark}{option}", style).stylize(Style(underline=True), begin, end)

    def _remark(self) -> str:
        if any(_begins(option, self._typed) for option in self._on()):
            return f"typed: {self._typed}"
        off = any(_begins(option, self._typed) for option in self.options)
        return f"{self._typed}: {'off here' if off else 'none begins so'}"

    # typing

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and _in_word(character)

    def on_key(self, event: Key) -> None:
        """A letter is one more of the option that is wanted."""
        if event.character is None or not _in_word(event.character):
            return
        event.stop()
        event.prevent_default()
        if event.time - self._typed_at > PAUSE:
            self._typed = ""
        if not self._typed:
            self._before = self.value
        self._type(self._typed + event.character, event.time)

    def _type(self, text: str, at: float) -> None:
        """Choose what begins with this; where nothing does, the choice stays and the terminal rings. Where it is an
        option that is off, what its first letters have chosen was not meant: what stood there before is back."""
        self._forget()
        self._typed, self._typed_at = text, at
        self._forgetting = self.set_timer(PAUSE, self._forget)
        found = next((option for option in self._on() if _begins(option, text)), None)
        if found is None:
            self.app.bell()
            if self.value != self._before and any(_begins(option, text) for option in self.options):
                self._choose(self._before)
        elif found != (self.value or self.default):
            self._choose(found)

    def _forget(self) -> None:
        if self._forgetting is not None:
            self._forgetting.stop()
            self._forgetting = None
        self._typed = ""
        self.refresh()

    def on_blur(self, event: Blur) -> None:
        self._forget()

    # moving

    def action_move(self, by: int) -> None:
        self._forget()
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
        """Take back a letter while some are typed, else leave it to the default."""
        if len(self._typed) > 1:
            self._type(self._typed[:-1], self._typed_at)
            return
        if not self._typed:
            self._choose("")
        self._forget()

    def _choose(self, value: str) -> None:
        self.value = value
        self.post_message(self.Changed(self, value))


def _begins(option: str, typed: str) -> bool:
    return option.lower().startswith(typed.lower())


def _in_word(character: str) -> bool:
    """Whether an option may be written with it; a space goes to the next option."""
    return character.isalnum() or character in "-_."
