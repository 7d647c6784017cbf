"""A dataset on the screen: its splits, the types of its columns, its rows, and where there is room the current row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui.text import one_line, visible
from tui.widgets.row_text import RowText
from tui.widgets.split_bar import SplitBar

if TYPE_CHECKING:
    from core.data.browse import Browser, Column
    from tui.widgets.row_table import Page, RowTable

MOST_TYPES = 50
"""Columns whose type is written out above the table."""


class DataView(Vertical):
    """Shows nothing before the first `show`.

    Attributes:
        browser: what is shown.
        split: which of its splits.
    """

    class GotoClosed(Message):
        """The line for a row number is gone; the rows have the focus."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.browser: Browser | None = None
        self.split = ""
        self.asks_row = False
        self._width = 0

    def compose(self) -> ComposeResult:
        yield SplitBar()
        yield Static(id="columns")
        yield Vertical(id="rows")
        with VerticalScroll(id="preview", classes="pane", can_focus=False):
            yield RowText()
        yield Input(id="goto", placeholder="row number", type="integer", compact=True)

    @property
    def table(self) -> RowTable | None:
        found = self.query("#rows > *")
        return found.first() if found else None  # type: ignore[return-value]

    @property
    def rows(self) -> int:
        """How many rows the split has."""
        return self.browser.splits[self.split] if self.browser is not None else 0

    @property
    def row(self) -> int:
        """The row that the cursor is on."""
        return self.table.cursor_row if self.table is not None else 0

    async def show(self, browser: Browser, split: str, first: Page, row: int = 0) -> None:
        """Show a split, the cursor on `row`; `first` is its first page."""
        # The table's library brings pyarrow: it was imported in the thread that read the first page.
        from tui.widgets.row_table import RowTable

        self.browser, self.split, self._width = browser, split, self.size.width
        bar = self.query_one(SplitBar)
        bar.splits, bar.current, bar.row = browser.splits, split, row
        columns = browser.columns(split)
        self.query_one("#columns", Static).update(_types(columns))
        names = [visible(column.name) for column in columns]
        table = RowTable(names, browser.splits[split], first, partial(browser.page, split), self.screen.size.width - 1)
        holder = self.query_one("#rows")
        async with self.batch():
            await holder.remove_children()
            await holder.mount(table)
        self.move_to(row)

    def focus_rows(self) -> None:
        """Put the focus on the rows, and the line for a row number away."""
        self.asks_row = False
        self.query_one("#goto").display = False
        if self.table is not None:
            self.table.focus()

    def move_to(self, row: int) -> None:
        """Put the cursor on a row, on the last one where there are fewer."""
        if self.table is not None and self.rows:
            self.table.move_cursor(row=max(0, min(self.rows - 1, row)))

    @work(exclusive=True, group="split")
    async def show_split(self, split: str, row: int = 0) -> None:
        """Read the first page of a split and show it."""
        assert self.browser is not None
        await self.show(self.browser, split, await asyncio.to_thread(first_page, self.browser, split), row)
        self.focus_rows()

    def on_resize(self) -> None:
        """Lay the columns out for another width."""
        if self.table is not None and self.size.width != self._width and self.size.width:
            self.show_split(self.split, self.row)

    def ask_row(self) -> None:
        """Open the line for a row number."""
        self.asks_row = True
        line = self.query_one("#goto", Input)
        line.value = ""
        line.display = True
        line.focus()

    @on(Input.Submitted, "#goto")
    def go_to(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.lstrip("-").isdigit():
            self.move_to(int(event.value))
        self.focus_rows()
        self.post_message(self.GotoClosed())

    def on_data_table_row_highlighted(self, event: RowTable.RowHighlighted) -> None:
        event.stop()
        self.query_one(SplitBar).row = event.cursor_row
        if self.query_one("#preview").display:
            self.preview(event.cursor_row)

    @work(exclusive=True, group="preview")
    async def preview(self, index: int) -> None:
        """Show the whole row below the table."""
        if self.browser is None or index >= self.rows:
            return
        row = await asyncio.to_thread(self.browser.row, self.split, index)
        self.query_one("#preview").border_title = f"row {index:,}"
        self.query_one("#preview > RowText", RowText).show(self.browser.columns(self.split), row)


def first_page(browser: Browser, split: str) -> Page:
    """The rows that a RowTable begins with. Blocking; imports the table's library."""
    from tui.widgets.row_table import PAGE

    return browser.page(split, 0, PAGE)


def _types(columns: Sequence[Column]) -> Content:
    """Names and types on a line."""
    return Content("  ").join(
        Content.assemble(one_line(column.name, 40), (f" {one_line(column.type, 30)}", "$text-muted"))
        for column in columns[:MOST_TYPES]
    )
