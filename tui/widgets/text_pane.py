"""The texts behind the tokens: a cursor in them, the characters of a token lit up, a text of one's own typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.document._document import Document
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Selection

from core.control_pictures import picture

if TYPE_CHECKING:
    from core.inspection.recording import Span

MOST = 200_000
"""Characters that are shown: the widget breaks all of them into lines at once."""


class TextPane(TextArea):
    """Texts one below the other. Nothing in them reaches the terminal as a control character."""

    DEFAULT_CSS = """
    TextPane {
        border: round $border-blurred;
        border-title-color: $text-muted;
        border-subtitle-color: $text-muted;
        background: transparent;
        padding: 0 1;
        scrollbar-size: 1 1;
        &:focus { border: round $primary; border-title-color: $primary; }
        & .text-area--selection {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold underline;
        }
        & .text-area--cursor { background: $foreground; color: $background; }
        &.-read-only .text-area--cursor { background: $foreground 70%; color: $background; }
        &:blur .text-area--cursor { background: transparent; color: $foreground; }
    }
    """

    class Pointed(Message):
        """The cursor was moved to a character of one of the texts."""

        def __init__(self, text: int, char: int) -> None:
            super().__init__()
            self.text = text
            self.char = char

    class Typed(Message):
        """The text is another."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, id: str | None = None) -> None:
        super().__init__(
            id=id,
            read_only=True,
            soft_wrap=True,
            show_line_numbers=False,
            highlight_cursor_line=False,
            tab_behavior="focus",
        )
        self._starts: list[int] = [0]
        self._texts: list[str] = []
        self._lit: Selection | None = None
        self._loaded = ""
        self.cursor_blink = False

    def show(self, texts: Sequence[str]) -> None:
        """Show texts, each on lines of its own."""
        self._texts = [text[:MOST] for text in texts]
        self._starts, at = [], 0
        for text in self._texts:
            self._starts.append(at)
            at += len(text) + 1
        self.read_only = True
        self._loaded = "\n".join(drawn(text) for text in self._texts)
        self._lit = Selection.cursor((0, 0))
        self.load_text(self._loaded)

    def let_type(self, text: str) -> None:
        """From now on a person writes here."""
        self._texts, self._starts = [text], [0]
        self.read_only = False
        self._loaded = text
        self.load_text(text)
        self.move_cursor(self.document.end)
        self.focus()

    def light(self, span: Span | None) -> None:
        """Mark the characters of a token; none where it stands for none."""
        if not self.read_only and self.has_focus:
            return
        if span is None or span[0] >= len(self._starts):
            here = self.cursor_location
            self._lit = Selection(here, here)
        else:
            base = self._starts[span[0]]
            self._lit = Selection(self._location(base + span[1]), self._location(base + span[2]))
        if self._lit != self.selection:
            self.selection = self._lit

    def get_line(self, line_index: int) -> Text:
        return Text(drawn(self.document.get_line(line_index)), end="", no_wrap=True)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if not self.read_only and self.text != self._loaded:
            self._loaded = self.text
            self._texts = [self.text]
            self.post_message(self.Typed(self.text))

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        if event.selection == self._lit or not self.has_focus:
            return
        self._lit = None
        at = self._index(event.selection.end)
        text = max((number for number, start in enumerate(self._starts) if start <= at), default=0)
        self.post_message(self.Pointed(text, at - self._starts[text] if self._starts else 0))

    def _location(self, index: int) -> tuple[int, int]:
        assert isinstance(self.document, Document)
        return self.document.get_location_from_index(max(0, min(index, len(self.text))))

    def _index(self, location: tuple[int, int]) -> int:
        assert isinstance(self.document, Document)
        return self.document.get_index_from_location(location)


def drawn(text: str) -> str:
    """The text with a picture for each control or invisible character, one for one; line ends stay."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else _picture(char) for char in text)


def _picture(char: str) -> str:
    if char < " " or char == "\x7f":
        return picture(char)
    return " " if char.isspace() else "·"
