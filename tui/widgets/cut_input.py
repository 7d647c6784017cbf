"""A line to type in that does not hide where it goes on."""

from __future__ import annotations

from rich.cells import set_cell_size
from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Input

from tui.text import ELLIPSIS


class CutInput(Input):
    """Without the focus it shows the beginning of its text, with an ellipsis where that is cut; with it, the cursor."""

    def render_line(self, y: int) -> Strip:
        text, width = self.value or str(self.placeholder), self.scrollable_content_region.width
        line = super().render_line(y)
        if self.has_focus or y != 0 or Segment(text).cell_length <= width:
            return line
        style = self.rich_style
        if not self.value:
            style += self.get_component_rich_style("input--placeholder")
        return Strip([Segment(set_cell_size(text, width - 1).rstrip() + ELLIPSIS, style)]).extend_cell_length(
            width + 1, self.rich_style
        )
