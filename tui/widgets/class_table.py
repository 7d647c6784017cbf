"""Precision, recall and F1 of each class, and beside them the confusion matrix: a row per true class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import DataTable, Static

from tui.classes import ClassRow, heading, mistaken, rows_of
from tui.text import ELLIPSIS

if TYPE_CHECKING:
    from core.events import ClassesCounted

EMPTY = "no classes were counted yet: they are with the next evaluation"
FIGURES = {"support": 8, "prec.": 6, "recall": 7, "F1": 6}
"""With their widths, a blank before each: at 80 cells the matrix of five classes has room beside them."""
MATRIX_HEAD = 9
"""Cells of a class's name over its column of the matrix."""


class ClassTable(Vertical):
    """Takes what was counted last. Arrows scroll; the names of the true classes stay in sight."""

    DEFAULT_CSS = """
    ClassTable {
        display: none; height: 1fr; min-height: 4; padding: 0 1;
        border: round $surface-lighten-3; border-title-color: $text-muted; border-subtitle-color: $text-muted;
        &:focus-within { border: round $primary 60%; border-title-color: $primary; }
        & Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; color: $text-muted; }
        & DataTable {
            height: 1fr; background: transparent; scrollbar-size: 1 1;
            & > .datatable--fixed { background: transparent; }
            &:focus { background-tint: $foreground 0%; }
        }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._counted: ClassesCounted | None = None

    def compose(self) -> ComposeResult:
        yield Static()
        yield DataTable[Text](cursor_type="row", fixed_columns=1, cell_padding=0)

    def on_mount(self) -> None:
        self.border_title = "classes"
        self.app.theme_changed_signal.subscribe(self, lambda theme: self._draw())  # cells hold their colours

    def on_resize(self, event: Resize) -> None:
        self._draw()

    def focus(self, scroll_visible: bool = True) -> ClassTable:
        self.query_one(DataTable).focus(scroll_visible)
        return self

    def show(self, counted: ClassesCounted | None) -> None:
        """Show these counts; the same ones again are not drawn."""
        if counted is not self._counted or counted is None:
            self._counted = counted
            self._draw()

    def _draw(self) -> None:
        table, counted = self.query_one(DataTable), self._counted
        if not table.size.width:
            return
        place = table.scroll_offset, table.cursor_row
        table.clear(columns=True)
        if counted is None:
            self.query_one(Static).update(Content(EMPTY))
            return
        rows = rows_of(counted)
        self.border_title = Content(heading(counted))
        self.border_subtitle = Content(_legend(counted))
        self.query_one(Static).update(Content(_most_mistaken(rows)))
        self._fill(table, rows)
        table.move_cursor(row=place[1], animate=False, scroll=False)
        table.scroll_to(*place[0], animate=False, force=True)

    def _fill(self, table: DataTable[Text], rows: list[ClassRow]) -> None:
        names = max(4, min(max(cell_len(row.label) for row in rows), self.size.width // 4))
        table.add_column("true", width=names)
        for name, width in FIGURES.items():
            table.add_column(_right(name, width), width=width)
        widths = []
        for row in rows if rows[0].taken else []:
            head = cut(f"→{row.label}", MATRIX_HEAD)
            widths.append(1 + max([cell_len(head), *(len(other.counts[row.place]) for other in rows)]))
            table.add_column(_right(head, widths[-1]), width=widths[-1])
        right = self.app.theme_variables["success"]
        for row in rows:
            figures = [Text(_right(text, width)) for text, width in zip(row.figures, FIGURES.values(), strict=True)]
            counts = [
                Text(_right(text, width), style=f"bold {right}" if place == row.place else "")
                for place, (text, width) in enumerate(zip(row.counts, widths, strict=True))
            ]
            table.add_row(Text(cut(row.label, names)), *figures, *counts)


def _right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text


def cut(text: str, width: int) -> str:
    """`text` in at most so many cells of the screen."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def _legend(counted: ClassesCounted) -> str:
    hints = ["- is 0/0"]
    if counted.matrix:
        hints = ["a row: what is so", "→ what was predicted", "[n] right", *hints]
    return "  ·  ".join(hints)


def _most_mistaken(rows: list[ClassRow]) -> str:
    if not any(row.taken for row in rows):
        return "without a matrix: each class is counted for itself"
    found = [f"{cut(true, 20)} → {cut(said, 20)}: {count:,}" for true, said, count in mistaken(rows)]
    return f"most often mistaken: {', '.join(found)}" if found else "nothing was mistaken"
