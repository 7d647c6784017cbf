"""The numbers of a tensor, as many as fit, around the one that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tui.figures import number

if TYPE_CHECKING:
    from core.inspection.batch import Tensor

PAD = "·"
"""Stands before a number that is padding."""


class TensorGrid(Widget, can_focus=True):
    """One row of the batch a line, one position a column.

    Attributes:
        cursor: (row, column) that is looked at.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--here", "grid--pad", "grid--masked", "grid--head"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(0,-1)", show=False),
        Binding("right", "step(0,1)", show=False),
        Binding("up", "step(-1,0)", show=False),
        Binding("down", "step(1,0)", show=False),
        Binding("home", "step(0,-1000000)", show=False),
        Binding("end", "step(0,1000000)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]
    DEFAULT_CSS = """
    TensorGrid {
        height: 1fr;
        & > .grid--here {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold underline;
        }
        & > .grid--pad { color: $text-disabled; }
        & > .grid--masked { color: $warning; }
        & > .grid--head { color: $text-muted; text-style: bold; }
    }
    """

    cursor: reactive[tuple[int, int]] = reactive((0, 0))

    class Moved(Message):
        """Another number is looked at."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[list[Any]] = []
        self._filled: list[tuple[int, int]] = []
        self._names: list[str] = []
        self._width = 1
        self._top = self._left = 0

    def show(self, tensor: Tensor, names: list[str]) -> None:
        """Show a tensor; `names` stand before its rows. The place that was looked at stays."""
        deep = len(tensor.shape)
        values = tensor.values if deep else [tensor.values]
        self._rows = [row if deep > 1 else [row] for row in values]
        self._filled = tensor.filled
        self._names = names or [str(index) for index in range(len(self._rows))]
        self._width = max((cell_len(self._text(row, column)) for row, column in self._all()), default=1)
        self.set_reactive(TensorGrid.cursor, self.validate_cursor(self.cursor))
        self.refresh()
        self.post_message(self.Moved())

    def _all(self) -> list[tuple[int, int]]:
        return [(row, column) for row, values in enumerate(self._rows) for column in range(len(values))]

    def validate_cursor(self, cursor: tuple[int, int]) -> tuple[int, int]:
        row = max(0, min(cursor[0], len(self._rows) - 1))
        columns = len(self._rows[row]) if self._rows else 1
        return row, max(0, min(cursor[1], columns - 1))

    def watch_cursor(self) -> None:
        self.post_message(self.Moved())

    def action_step(self, rows: int, columns: int) -> None:
        self.cursor = (self.cursor[0] + rows, self.cursor[1] + columns)

    def action_page(self, by: int) -> None:
        self.cursor = (self.cursor[0] + by * max(1, self.size.height - 2), self.cursor[1])

    def is_padding(self, row: int, column: int) -> bool:
        """Whether a number is there only because another row is longer."""
        return bool(self._filled) and not self._filled[row][0] <= column < self._filled[row][1]

    def render(self) -> Content:
        if not self._rows:
            return Content("")
        width, height = self.size
        label = max(map(cell_len, self._names))
        columns = max(1, (width - label - 1) // (self._width + 1))
        lines = max(1, height - 1)
        row, column = self.cursor
        self._top = max(0, min(self._top, row, len(self._rows) - lines), row - lines + 1)
        widest = max(len(values) for values in self._rows)
        self._left = max(0, min(self._left, column, widest - columns), column - columns + 1)
        shown = range(self._left, min(widest, self._left + columns))
        head = [f"{position:>{self._width + 1}}" for position in shown]
        result = [Content.styled(set_cell_size("", label) + "".join(head), self._style("head"))]
        for index in range(self._top, min(len(self._rows), self._top + lines)):
            name = Content.styled(f"{self._names[index]:>{label}}", self._style("head"))
            result.append(Content.assemble(name, *(self._cell(index, position) for position in shown)))
        return Content("\n").join(result)

    def _cell(self, row: int, column: int) -> Content:
        if column >= len(self._rows[row]):
            return Content("")
        text = self._text(row, column)
        room = Content(" " * (self._width + 1 - cell_len(text)))
        style = None
        if (row, column) == self.cursor:
            style = self._style("here")
        elif self.is_padding(row, column):
            style = self._style("pad")
        elif self._rows[row][column] == -100:
            style = self._style("masked")
        return Content.assemble(room, Content.styled(text, style) if style else Content(text))

    def _text(self, row: int, column: int) -> str:
        value = self._rows[row][column]
        text = number(value) if isinstance(value, float) else f"{value}"
        text = text if len(text) <= 12 else text[:11] + "…"
        return f"{PAD}{text}" if self.is_padding(row, column) else text

    def _style(self, part: str) -> Style:
        return self.get_visual_style(f"grid--{part}")
