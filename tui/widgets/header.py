"""The top line: the five screens and their keys, and how the live run stands."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui import keys


class HeaderLine(Widget):
    """`mode` is the screen that is shown; `note` is about the run that trains in this process."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"header--name", "header--key", "header--here", "header--note"}
    note: reactive[str] = reactive("")

    def __init__(self, mode: keys.Mode) -> None:
        super().__init__()
        self._mode = mode

    def on_mount(self) -> None:
        self.watch(self.app, "note", self._show_note)

    def _show_note(self, note: str) -> None:
        self.note = note

    def render(self) -> Content:
        name, key, here, note = (self.get_visual_style(f"header--{part}") for part in ("name", "key", "here", "note"))
        line = Content.assemble((" finetui ", name))
        for mode in keys.MODES:
            display, title = keys.of_action("app", f"show('{mode}')").display, keys.TITLES[mode]
            if mode == self._mode:
                line = Content.assemble(line, (f" {display} {title} ", here))
            else:
                line = Content.assemble(line, (f" {display}", key), f" {title} ")
        room = self.size.width - line.cell_length - 1
        if not self.note or room < len(self.note):
            return line
        return Content.assemble(line, " " * (room - len(self.note)), (self.note, note))
