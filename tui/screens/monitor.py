"""A run as it learns."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from tui import keys
from tui.screens.base import FinetuiScreen


class MonitorScreen(FinetuiScreen):
    MODE = "monitor"
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("monitor")
    CSS_PATH = "monitor.tcss"

    def compose_body(self) -> ComposeResult:
        yield Static("no run")

    def watch_run(self, run: Path) -> None:
        """Show this run from now on."""
