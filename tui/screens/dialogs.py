"""The dialogs: an error with its remedy, a question before something is lost, what to do with a live run on leaving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Button, Input, Static

from core.errors import FinetuiError
from tui.text import visible
from tui.widgets.dialog_button import DialogButton


class Modal(ModalScreen[ScreenResultType]):
    """What lies over a screen. Keys that come before its first line to type in has the focus are not lost."""

    def on_key(self, event: Key) -> None:
        line = next(iter(self.query(Input)), None)
        if line is None or self.focused not in (None, line):
            return
        if event.is_printable:
            self.set_focus(line)
            line.post_message(event)
        elif event.key == "enter" and self.focused is None:
            self.set_focus(line)
            line.call_later(line.action_submit)


class Dialog(Modal[str]):
    """A title, some lines, and buttons. Its result is the id of the button; Escape gives the last one's.

    Args:
        title: one line.
        lines: what there is to say; each wraps.
        buttons: (id, label) from left to right; the first has the focus, the last is the way back.
    """

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("left,up,h,k", "app.focus_previous", show=False),
        Binding("right,down,l,j", "app.focus_next", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[str], buttons: Sequence[tuple[str, str]], kind: str = "") -> None:
        super().__init__(classes=kind)
        self._title = title
        self._lines = lines
        self._buttons = buttons

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(visible(self._title)), id="dialog-title")
            for line in self._lines:
                yield Static(Content(visible(line, keep="\n")), classes="dialog-line")
            with Horizontal(id="dialog-buttons"):
                for name, label in self._buttons:
                    yield DialogButton(Content(label), id=name, compact=True)
            if len(self._buttons) > 1:
                back = self._buttons[-1][1].lower()
                yield Static(Content(f"← → choose   Enter confirm   Esc {back}"), id="dialog-keys", classes="quiet")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "")

    def action_close(self) -> None:
        self.dismiss(self._buttons[-1][0])


class ErrorDialog(Dialog):
    """What went wrong, where, and what to do."""

    def __init__(self, error: FinetuiError, buttons: Sequence[tuple[str, str]] = (("close", "Close"),)) -> None:
        lines = [line for line in (error.detail, error.hint) if line]
        super().__init__(f"✗ {error.title}", lines, buttons, kind="error")


class ConfirmDialog(Dialog):
    """Asks before something is lost. The result is "yes" or "no"; "no" has the focus."""

    def __init__(self, title: str, line: str, yes: str) -> None:
        super().__init__(title, [line], [("yes", yes), ("no", "Cancel")], kind="confirm")

    def on_mount(self) -> None:
        self.query_one("#no", Button).focus()


class QuitDialog(Dialog):
    """What becomes of the run that trains in this process. The result is "stop", "leave" or "stay"."""

    def __init__(self, run: str) -> None:
        lines = [
            "Stop: it finishes its step, saves a checkpoint and ends; then finetui closes.",
            "Leave it running: the screen closes and training goes on in this process. The shell prompt comes back "
            "when the run is over; closing the terminal does not end it.",
        ]
        buttons = [("stop", "Stop and save"), ("leave", "Leave it running"), ("stay", "Stay")]
        super().__init__(f"{run} still trains", lines, buttons, kind="confirm")

    def on_mount(self) -> None:
        self.query_one("#stay", Button).focus()


class DefectDialog(Dialog):
    """The app itself is at fault."""

    def __init__(self, log: Path | None, screen_closed: bool) -> None:
        closed = " The screen that failed was closed; its key opens a new one." if screen_closed else ""
        lines = [
            f"That is finetui's fault, not yours. A run that trains goes on.{closed}",
            f"The traceback is in {log}" if log else "The traceback was printed.",
        ]
        super().__init__("✗ something went wrong inside finetui", lines, [("on", "Go on")], kind="error")
