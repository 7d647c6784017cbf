"""Every position of the model's input on a line, with all that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import DataTable

from tui import inspection_words as words

if TYPE_CHECKING:
    from core.inspection.view import TokenView

MOST = 20_000
"""Positions that are listed: the table holds them all."""


class TokenTable(DataTable[Text]):
    """Columns that say nothing of this row are left out."""

    DEFAULT_CSS = """
    TokenTable {
        height: 1fr;
        background: transparent;
        scrollbar-size: 1 1;
        & > .datatable--header { background: $surface; color: $text-muted; text-style: bold; }
        & > .datatable--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: bold;
        }
        & > .datatable--even-row { background: transparent; }
    }
    """

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False)

    def show(self, view: TokenView) -> None:
        """List the positions; the line that was looked at stays."""
        line = self.cursor_row
        self.clear(columns=True)
        columns = words.columns(view)
        self.add_columns(*columns)
        cells = list(columns.values())
        for position in range(min(MOST, len(view.ids))):
            self.add_row(*(Text(column[position], no_wrap=True) for column in cells))
        self.move_cursor(row=line, animate=False)
