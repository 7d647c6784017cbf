"""The splits of a dataset with their rows, the current one in brackets, and where the cursor is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.text import one_line


class SplitBar(Widget):
    """`splits` are names with their rows, `current` one of them, `row` the cursor's."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"splits--here", "splits--rest"}
    DEFAULT_CSS = """
    SplitBar {
        height: 1;
        padding: 0 1;
        & > .splits--here { text-style: bold; color: $primary; }
        & > .splits--rest { color: $text-muted; }
    }
    """

    splits: reactive[Mapping[str, int]] = reactive(dict)
    current: reactive[str] = reactive("")
    row: reactive[int] = reactive(0)

    def render(self) -> Content:
        here = self.get_visual_style("splits--here", partial=True)
        rest = self.get_visual_style("splits--rest", partial=True)
        names = Content("  ").join(
            Content.styled(f"[{one_line(name, 30)} {rows:,}]", here)
            if name == self.current
            else Content.styled(f" {one_line(name, 30)} {rows:,} ", rest)
            for name, rows in self.splits.items()
        )
        place = f"row {self.row:,}"
        gap = self.size.width - names.cell_length - len(place)
        return Content.assemble(names, " " * max(1, gap), Content.styled(place, rest)) if gap > 0 else names
