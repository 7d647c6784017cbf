"""A button that shows its focus without colour."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Button

BEFORE, AFTER = "▸ ", " ◂"


class DialogButton(Button):
    """Marks stand on both sides of its label while it has the focus; it is as wide without."""

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return super().get_content_width(container, viewport) + len(BEFORE + AFTER)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render(self) -> Content:
        label = Content.from_text(self.label)
        return Content.assemble(BEFORE, label, AFTER) if self.has_focus else label
