"""A row's tokens in the order of the text, each apart from the next, with an id or a label under each."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tui.token_layout import Layout, Line, Under

if TYPE_CHECKING:
    from core.inspection.view import TokenView

TINTS = 4
SAME, OWN = "│", "┃"
"""Between two tokens; the second one where another tokenizer that is shown beside this one makes no cut."""


class TokenStrip(Widget, can_focus=True):
    """Special tokens stand in ⟨⟩, an unknown one after ✗; what the loss leaves out is dim.

    Attributes:
        current: the token that is looked at.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "token--here",
        "token--special",
        "token--unknown",
        "token--masked",
        "token--edge",
        "token--own-edge",
        "token--under",
        "token--head",
        *(f"token--tint-{index}" for index in range(TINTS)),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("up", "line(-1)", show=False),
        Binding("down", "line(1)", show=False),
        Binding("home", "jump(0)", show=False),
        Binding("end", "jump(-1)", show=False),
        Binding("pageup", "line(-5)", show=False),
        Binding("pagedown", "line(5)", show=False),
    ]
    DEFAULT_CSS = """
    TokenStrip {
        height: 1fr;
        & > .token--tint-0 { background: $primary 24%; }
        & > .token--tint-1 { background: $success 20%; }
        & > .token--tint-2 { background: $accent 20%; }
        & > .token--tint-3 { background: $secondary 24%; }
        & > .token--here {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold underline;
        }
        & > .token--special { color: $secondary; text-style: bold; }
        & > .token--unknown { color: $error; text-style: bold; }
        & > .token--masked { color: $text-disabled; }
        & > .token--under { color: $text-muted; }
        & > .token--edge { color: $text-disabled; }
        & > .token--own-edge { color: $warning; text-style: bold; }
        & > .token--head { color: $primary; text-style: bold; }
    }
    """

    current: reactive[int] = reactive(0)

    class Moved(Message):
        """Another token is looked at."""

        def __init__(self, strip: TokenStrip, position: int) -> None:
            super().__init__()
            self.strip = strip
            self.position = position

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._view: TokenView | None = None
        self._drawn = Layout([], [], [], ())
        self._lines: list[Line] = []
        self._trained: list[bool] = []
        self._cuts: set[tuple[int, int]] | None = None

    def show(self, view: TokenView, under: Under = "ids", cuts: set[tuple[int, int]] | None = None) -> None:
        """Show tokens, the one that was looked at still looked at where there are as many.

        Args:
            cuts: where another tokenizer cuts the same texts: (text, character).
        """
        self._view, self._cuts = view, cuts
        self._trained = [view.answer(index) is not None for index in range(len(view.ids))] if under == "labels" else []
        if not view.loss.tokens:
            self._trained = []
        self._drawn = Layout.of(view, under)
        self.set_reactive(TokenStrip.current, max(0, min(self.current, len(view.ids) - 1)))
        self._lay_out()

    @property
    def height_of_line(self) -> int:
        return 2 if self._drawn.under else 1

    def _lay_out(self) -> None:
        self._lines = self._drawn.lines(self.size.width)
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        self._lay_out()

    def validate_current(self, position: int) -> int:
        return max(0, min(position, len(self._drawn.pieces) - 1))

    def watch_current(self, position: int) -> None:
        self.post_message(self.Moved(self, position))

    # keys

    def action_step(self, by: int) -> None:
        self.current += by

    def action_jump(self, to: int) -> None:
        self.current = to if to >= 0 else len(self._drawn.pieces) - 1

    def action_line(self, by: int) -> None:
        """The token above or below, as near as there is one."""
        full = [line for line in self._lines if line.tokens]
        here = next((index for index, line in enumerate(full) if self.current in line.tokens), 0)
        target = full[max(0, min(len(full) - 1, here + by))] if full else None
        if target is None or target is full[here]:
            return
        left = self._left(full[here], self.current)
        self.current = min(target.tokens, key=lambda index: abs(self._left(target, index) - left))

    def _left(self, line: Line, position: int) -> int:
        return sum(self._drawn.widths[index] + 1 for index in range(line.tokens.start, position))

    def on_click(self, event: Click) -> None:
        at = event.get_content_offset(self)
        if at is None:
            return
        shown = self._shown()
        if 0 <= at.y < len(shown):
            line = shown[at.y][0]
            found = [index for index in line.tokens if self._left(line, index) <= at.x]
            if found:
                self.current = found[-1]

    # drawing

    def render(self) -> Content:
        return Content("\n").join(
            self._head(line) if line.head else self._draw(line, below) for line, below in self._shown()
        )

    def _shown(self) -> list[tuple[Line, bool]]:
        """The lines of the screen, around the token that is looked at: (line, whether it is what stands below)."""
        screen: list[tuple[Line, bool]] = []
        here = 0
        for line in self._lines:
            if line.tokens and self.current in line.tokens:
                here = len(screen)
            screen.append((line, False))
            if line.tokens and self._drawn.under:
                screen.append((line, True))
        height = max(1, self.size.height)
        top = max(0, min(here - (height - self.height_of_line) // 2, len(screen) - height))
        if top and self._drawn.under and screen[top][1]:
            top -= 1  # a piece is never parted from what stands below it at the upper edge
        return screen[top : top + height]

    def _head(self, line: Line) -> Content:
        text = f"{line.head} "
        return Content.styled(text + "─" * max(0, self.size.width - cell_len(text)), self._style("head"))

    def _draw(self, line: Line, below: bool) -> Content:
        parts: list[Content] = []
        for index in line.tokens:
            text = self._drawn.under[index] if below else self._drawn.pieces[index]
            filled = set_cell_size(text, min(self._drawn.widths[index], max(1, self.size.width)))
            parts.append(Content.styled(filled, self._look(index, below)))
            parts.append(self._edge(index))
        return Content.assemble(*parts)

    def _look(self, index: int, below: bool) -> Style:
        view = self._view
        assert view is not None
        if index == self.current:
            return self._style("here")
        if self._trained and not self._trained[index]:
            return self._style("masked")
        if below:
            return self._style("under") if not self._trained else self._style(f"tint-{self._tint(index)}")
        if view.unknown[index]:
            return self._style("unknown")
        if view.special[index]:
            return self._style("special")
        return self._style(f"tint-{self._tint(index)}")

    def _tint(self, index: int) -> int:
        return index % TINTS

    def _edge(self, index: int) -> Content:
        assert self._view is not None
        if self._cuts is not None and self._view.spans:
            span = self._view.spans[index]
            if span is not None and (span[0], span[2]) not in self._cuts:
                return Content.styled(OWN, self._style("own-edge"))
        return Content.styled(SAME, self._style("edge"))

    def _style(self, part: str) -> Style:
        return self.get_visual_style(f"token--{part}")
