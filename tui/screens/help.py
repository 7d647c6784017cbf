"""Every key, from the one table."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import keys


class HelpScreen(ModalScreen[None]):
    """The keys of one screen (and those that work everywhere), or of all.

    Args:
        where: the screen; all of them when absent.
    """

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,question_mark,enter", "dismiss", show=False),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]

    def __init__(self, where: keys.Where | None = None) -> None:
        super().__init__()
        self._where = where

    def compose(self) -> ComposeResult:
        parts: list[keys.Where] = [self._where, "app"] if self._where else [*keys.TITLES]
        with VerticalScroll(id="help") as box:
            box.border_title = "keys"
            box.border_subtitle = "Esc closes"
            for where in parts:
                if any(keys.of(where)):
                    yield Static(Content(keys.TITLES[where]), classes="help-title")
                    yield Static(_table(keys.rows(where)), classes="help-keys")


def _table(rows: list[tuple[str, str]]) -> Content:
    width = max(len(keys) for keys, _ in rows) + 2
    lines = [Content.assemble((keys.ljust(width), "bold"), help) for keys, help in rows]
    return Content("\n").join(lines)
