"""The pages of a screen with their keys, the current one in brackets, and a remark at the right."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.text import one_line


class PageBar(Widget):
    """Pages are (key, name)."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pages--here", "pages--rest"}
    DEFAULT_CSS = """
    PageBar {
        height: 1;
        padding: 0 1;
        & > .pages--here { text-style: bold; color: $primary; }
        & > .pages--rest { color: $text-muted; }
    }
    """

    current: reactive[str] = reactive("")
    remark: reactive[str] = reactive("")

    def __init__(self, pages: dict[str, str], current: str) -> None:
        super().__init__()
        self._pages = pages
        self.set_reactive(PageBar.current, current)

    def render(self) -> Content:
        here = self.get_visual_style("pages--here", partial=True)
        rest = self.get_visual_style("pages--rest", partial=True)
        names = Content(" ").join(
            Content.styled(f"[{key} {name}]", here) if name == self.current else Content.styled(f" {key} {name} ", rest)
            for key, name in self._pages.items()
        )
        room = self.size.width - names.cell_length - 2
        if room < 8:
            return names
        remark = Content(one_line(self.remark)).truncate(room, ellipsis=True)
        return Content.assemble(names, " " * (room + 2 - remark.cell_length), remark.stylize(rest))
