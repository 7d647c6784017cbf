"""Asks for a path or a Hub id."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.screens.dialogs import Dialog
from tui.text import one_line, visible
from tui.widgets.path_input import PathInput


class PathDialog(Dialog):
    """A line with completion. Its result is what was typed, or an empty text.

    Args:
        verb: what Enter does.
        what: what is asked for.
        path: what stands in the line at first.
        writes: whether a file is going to be written: one that is there already needs a second Enter.
        own: the file that needs none.
    """

    def __init__(
        self, title: str, verb: str, what: str, path: str = "", writes: bool = False, own: Path | None = None
    ) -> None:
        super().__init__(title, [], [("", "Back")])
        self._what = what
        self._verb = verb
        self._path = path
        self._writes = writes
        self._own = own
        self._warned_of = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(self._title), id="dialog-title")
            yield PathInput(visible(self._path), placeholder=self._what, compact=True)
            yield Static(id="dialog-note")
            yield Static(Content(f"Enter {self._verb}   Tab complete   Esc back"), classes="quiet")

    def on_path_input_candidates(self, event: PathInput.Candidates) -> None:
        self._note(" · ".join(event.names))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.answer(event.value.strip())

    @work(exclusive=True)
    async def answer(self, name: str) -> None:
        """Close with this path, if it may be written."""
        if self._writes and self._warned_of != name and await asyncio.to_thread(self._is_another, name):
            self._warned_of = name
            self._note(f"{Path(name).name} is there already: Enter again replaces it")
            return
        self.dismiss(name)

    def _is_another(self, name: str) -> bool:
        path = Path(name).expanduser()
        return path.exists() and path != self._own

    def _note(self, text: str) -> None:
        self.query_one("#dialog-note", Static).update(Content(one_line(text, 200)))
