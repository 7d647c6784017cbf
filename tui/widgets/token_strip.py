"""A row's tokens in the order of the text, each apart from the next, around the one that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tui.text import visible

if TYPE_CHECKING:
    from core.tokens import Token

SEPARATOR = "│"


class TokenStrip(Widget):
    """Special tokens stand in ⟨⟩; what the loss leaves out is dim."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"token--here", "token--special", "token--masked", "token--edge"}
    DEFAULT_CSS = """
    TokenStrip {
        height: auto;
        max-height: 5;
        padding: 0 1;
        & > .token--here {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold underline;
        }
        & > .token--special { color: $secondary; text-style: bold; }
        & > .token--masked { color: $text-muted; }
        & > .token--edge { color: $text-disabled; }
    }
    """

    current: reactive[int] = reactive(0)

    def __init__(self) -> None:
        super().__init__()
        self._tokens: Sequence[Token] = ()
        self._pieces: list[str] = []

    def show(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._pieces = [f"⟨{visible(token.piece)}⟩" if token.special else visible(token.piece) for token in tokens]
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render(self) -> Content:
        lines = self._lines(self.size.width)
        here = next((number for number, line in enumerate(lines) if self.current in line), 0)
        height = max(1, self.size.height)
        top = max(0, min(here - height // 2, len(lines) - height))
        return Content("\n").join(self._line(line) for line in lines[top : top + height])

    def _lines(self, width: int) -> list[range]:
        return break_lines([cell_len(piece) for piece in self._pieces], max(1, width))

    def _line(self, indices: range) -> Content:
        edge = self.get_visual_style("token--edge", partial=True)
        return Content.styled(SEPARATOR, edge).join(self._piece(index) for index in indices)

    def _piece(self, index: int) -> Content:
        token, piece = self._tokens[index], self._pieces[index]
        kind = (
            "here"
            if index == self.current
            else "special"
            if token.special
            else "masked"
            if token.label == "masked"
            else ""
        )
        return Content.styled(piece, self.get_visual_style(f"token--{kind}", partial=True)) if kind else Content(piece)


def break_lines(widths: Sequence[int], room: int) -> list[range]:
    """Which pieces stand on which line, a separator of one cell between two; a piece wider than a line has its own."""
    lines, start, used = [], 0, 0
    for index, width in enumerate(widths):
        if index > start and used + 1 + width > room:
            lines.append(range(start, index))
            start, used = index, 0
        used += width + (1 if index > start else 0)
    return [*lines, range(start, len(widths))] if widths else []
