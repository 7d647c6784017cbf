"""A row of a dataset as text: each column's name and type, and below it the whole of the cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from tui.text import visible

if TYPE_CHECKING:
    from core.data.browse import Column

MOST = 5_000
"""Characters of a cell that are laid out: a megabyte of text would hold up the screen. The row dialog has all."""
MOST_COLUMNS = 50


class RowText(Static):
    """Fed with a row by `show`."""

    def show(self, columns: Sequence[Column], row: Mapping[str, str], marked: re.Pattern[str] | None = None) -> None:
        """Show it, what `marked` finds in its texts marked."""
        cells = [_cell(column, row.get(column.name, ""), marked) for column in columns[:MOST_COLUMNS]]
        if len(columns) > MOST_COLUMNS:
            cells.append(Content.styled(f"… {len(columns) - MOST_COLUMNS:,} more columns", "$text-muted"))
        self.update(Content("\n").join(cells))


def _cell(column: Column, text: str, marked: re.Pattern[str] | None) -> Content:
    shown = Content(visible(text[:MOST], keep="\n"))
    for match in marked.finditer(shown.plain) if marked is not None else ():
        shown = shown.stylize("reverse bold", *match.span())
    more = f"\n… {len(text) - MOST:,} more characters" if len(text) > MOST else ""
    return Content.assemble(
        (visible(column.name), "bold $primary"),
        (f"  {visible(column.type)}", "$text-muted"),
        "\n",
        shown,
        (more, "$text-muted"),
        "\n",
    )
