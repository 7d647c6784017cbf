"""What the model answers over time: one input a row, one step a column, the newest at the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.widgets import DataTable

from tui.samples import SampleRow, rows_of, steps_of
from tui.text import one_line

if TYPE_CHECKING:
    from core.events import Sampled

PADDING = 2
NARROWEST = 10
EMPTY = "no samples yet: they come before the first step and with each evaluation; g asks now"


class SampleTable(DataTable[Text]):
    """As many steps as fit. Left and right go to older and newer ones; it follows the newest while that is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "older(1)", show=False),
        Binding("right", "older(-1)", show=False),
        Binding("home", "older(1000000)", show=False),
        Binding("end", "older(-1000000)", show=False),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=False)
        self._sampled: tuple[int, Sampled | None] = (0, None)
        self._rows: list[SampleRow] = []
        self._steps: list[int] = []
        self._back = 0
        self._columns_shown = 1

    @property
    def chosen(self) -> SampleRow | None:
        """The row under the cursor."""
        return self._rows[self.cursor_row] if self.cursor_row < len(self._rows) else None

    def show(self, sampled: Sequence[Sampled]) -> None:
        """Show these; what stands there already is not drawn again."""
        key = (len(sampled), sampled[-1] if sampled else None)
        if key == self._sampled and self.columns:
            return
        self._sampled = key
        self._rows = rows_of(sampled)
        steps = steps_of(self._rows)
        if self._back:  # somebody looks at older ones: they stay where they are
            self._back += len(steps) - len(self._steps)
        self._steps = steps
        self._draw()

    def action_older(self, by: int) -> None:
        most = max(0, len(self._steps) - self._columns_shown)
        back = min(most, max(0, self._back + by))
        if back != self._back:
            self._back = back
            self._draw()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda theme: self._draw())  # cells hold their colours

    def on_resize(self, event: Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.size.width:
            return
        cursor = self.cursor_row
        end = len(self._steps) - self._back
        first, truth, cell, count = self._layout(self._steps[:end])
        self._columns_shown = count
        steps = self._steps[max(0, end - count) : end]
        self.clear(columns=True)
        self.add_column("input", width=first)
        if truth:
            self.add_column("expected", width=truth)
        for step in steps:
            self.add_column(Text(f"step {step:,}"), width=cell)
        for row in self._rows:
            cells = [Text(one_line(row.text, first))]
            if truth:
                cells.append(Text(one_line(row.expected or "", truth)))
            self.add_row(*cells, *(self._cell(row, step, cell) for step in steps))
        self.move_cursor(row=cursor, animate=False)
        older, newer = max(0, end - count), self._back
        around = [f"← {older} older" if older else "", f"{newer} newer →" if newer else ""]
        hints = [*filter(None, around), "→ changed  ✓ right  ✗ wrong", "Enter one in full"]
        self.border_subtitle = Content("  ·  ".join(hints) if self._rows else EMPTY)

    def _layout(self, steps: Sequence[int]) -> tuple[int, int, int, int]:
        """Cells for input, truth (0: none) and each step, and how many steps fit."""
        width = self.scrollable_content_region.width
        texts = [one_line(row.text) for row in self._rows]
        first = max(NARROWEST, min(max(map(cell_len, texts), default=0), width // 4))
        truths = [cell_len(one_line(row.expected)) for row in self._rows if row.expected is not None]
        truth = max(8, min(max(truths), width // 6)) if truths else 0
        room = width - first - PADDING - (truth + PADDING if truth else 0)
        lines = [row.answers[step].line for row in self._rows for step in steps[-50:] if step in row.answers]
        natural = max([NARROWEST, *map(cell_len, lines)])
        cell = min(natural, max(16, room // 3 - PADDING))
        count = max(1, min(len(steps), room // (cell + PADDING)))
        return first, truth, min(natural, room // count - PADDING), count

    def _cell(self, row: SampleRow, step: int, width: int) -> Text:
        said = row.answers.get(step)
        if said is None:
            return Text("")
        colors = self.app.theme_variables
        color = {True: colors["success"], False: colors["error"], None: ""}[said.correct]
        share = "" if said.probability is None else f" {said.probability:.0%}"
        line = one_line(said.text or "(empty)", max(4, width - len(said.marks) - len(share)))
        return Text.assemble((said.marks, color), (line, "bold" if said.changed else ""), (share, "dim"), no_wrap=True)
