"""Textual's driver for terminals, made to outlive the terminal and what is done to the process from outside."""

from __future__ import annotations

from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from tui import terminal
from tui.paste import PasteParser

linux_driver.XTermParser = PasteParser  # type: ignore[misc]  # the driver offers no other way to have its own


class SurvivingDriver(LinuxDriver):
    """Reading from a terminal that has gone is no defect: the signal, or the app's watch on it, ends the app."""

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:
            if not terminal.is_gone():
                raise

    def _sigcont_application(self, *signal_and_frame: object) -> None:
        """Take the terminal again after Ctrl+Z, which gave it back.

        A process that was held by SIGSTOP gave nothing back: taking it a second time would start a second reader of
        the keyboard, and the app would wait for the first one for ever when it is left.
        """
        if self._key_thread is None or not self._key_thread.is_alive():
            super()._sigcont_application(*signal_and_frame)
