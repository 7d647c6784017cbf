"""Every run so far; with none, the way to the first one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from tui import keys
from tui.screens.base import FinetuiScreen


class RunsScreen(FinetuiScreen):
    MODE = "runs"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("runs")
    CSS_PATH = "runs.tcss"

    def compose_body(self) -> ComposeResult:
        yield Static("no runs yet")
