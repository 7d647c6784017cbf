"""Textual's driver for terminals, made to outlive the terminal."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from tui import terminal


class SurvivingDriver(LinuxDriver):
    """Reading from a terminal that has gone is no defect: the signal, or the app's watch on it, ends the app."""

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:
            if not terminal.is_gone():
                raise
