"""The bottom line: the keys that do something now."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from tui import keys

MORE = keys.of_action("app", "screen_keys").label


class KeyLine(Widget):
    """Shows as many of the screen's active bindings as fit, in the order of the key table.

    Keys that share a label stand before it together.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key"}

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        style = self.get_visual_style("keys--key")
        shown = [active.binding for active in self.screen.active_bindings.values() if active.binding.show]
        displays: dict[str, dict[str, None]] = {}
        for binding in shown:
            displays.setdefault(binding.description, {})[binding.key_display or binding.key] = None
        entries = {said: Content.assemble((" ".join(of), style), f" {said}") for said, of in displays.items()}
        # The way to all the others is always in sight, at the right.
        last = entries.pop(MORE, Content(""))
        room = self.size.width - last.cell_length - 2
        line = Content(" ")
        for entry in entries.values():
            if line.cell_length + entry.cell_length > room:
                break
            line = Content.assemble(line, entry, "  ")
        return Content.assemble(line, " " * (room + 1 - line.cell_length), last)
