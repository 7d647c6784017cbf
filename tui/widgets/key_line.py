"""The bottom line: the keys that do something now."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget


class KeyLine(Widget):
    """Shows as many of the screen's active bindings as fit, in the order of the key table."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key"}

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, _: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        style = self.get_visual_style("keys--key")
        line = Content(" ")
        seen: set[str] = set()
        shown = [active.binding for active in self.screen.active_bindings.values() if active.binding.show]
        for binding in shown:
            if binding.action in seen:
                continue
            seen.add(binding.action)
            key = binding.key_display or binding.key
            longer = Content.assemble(line, (key, style), f" {binding.description}   ")
            if longer.cell_length - 3 > self.size.width:
                break
            line = longer
        return line
