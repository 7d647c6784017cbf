"""The line that a log is searched with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

if TYPE_CHECKING:
    from tui.widgets.run_log import RunLog


class LogSearch(Input):
    """Marks what fits while it is typed. Enter goes back to the log with the matches marked, Escape without."""

    DEFAULT_CSS = "LogSearch { display: none; height: 1; border: none; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(placeholder="search the log; Enter, then n next, N previous, Esc leaves", compact=True)
        self._searched: RunLog | None = None

    @property
    def is_open(self) -> bool:
        return self._searched is not None

    def open(self, log: RunLog) -> None:
        """Search in this log from now on."""
        self._searched, self.value, self.display = log, log.searched, True
        self.focus()

    def leave(self) -> None:
        """Search no more."""
        log, self._searched, self.display = self._searched, None, False
        if log is not None:
            log.search("")
            if log.display:
                log.focus()

    def on_input_changed(self) -> None:
        if self._searched is not None:
            self._searched.search(self.value)

    def on_input_submitted(self) -> None:
        if self._searched is None:
            return
        if not self.value:
            self.leave()
        else:
            self.display = False
            self._searched.focus()
