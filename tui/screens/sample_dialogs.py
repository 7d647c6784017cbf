"""Ask the model under training something; read one sample in full."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.commands import Sample
from tui.samples import SampleRow
from tui.screens.dialogs import Modal
from tui.text import visible


class AskDialog(Modal[Sample]):
    """A line to type in, two for a task with pairs; its result is the command, or None after Escape."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, pair: bool) -> None:
        super().__init__()
        self._pair = pair

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("Ask the model, as it is after this step", id="dialog-title")
            yield Input(placeholder="a text of your own; empty: the samples that there are", compact=True)
            if self._pair:
                yield Input(placeholder="the second text", compact=True)
            yield Static(Content("Enter ask   Esc back"), classes="quiet")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text, *pair = (line.value for line in self.query(Input))
        if pair and text.strip() and not pair[0].strip():
            self.query(Input).last().focus()
        else:
            self.dismiss(Sample(text.strip(), "".join(pair).strip()) if text.strip() else Sample())


class SampleDialog(ModalScreen[None]):
    """One input with the whole of its answers over all steps."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss(None)", show=False),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]
    DEFAULT_CSS = """
    SampleDialog {
        background: $background;
        & #sample-box { border: round $primary; padding: 0 1; height: 1fr; }
        & #sample-keys { height: 1; padding: 0 1; color: $text-muted; background: $panel; }
    }
    """

    def __init__(self, row: SampleRow) -> None:
        super().__init__()
        self._row = row

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="sample-box") as box:
            box.border_title = Content("one sample, the newest answer first")
            yield Static(_history(self._row))
        yield Static(Content("↑ ↓ scroll   Esc back"), id="sample-keys")


def _history(row: SampleRow) -> Content:
    """The whole of an input and of its answers over all steps, the newest first."""
    parts: list[Any] = [("input\n", "bold $primary"), visible(row.text, keep="\n"), "\n\n"]
    if row.expected is not None:
        parts += [("expected\n", "bold $primary"), visible(row.expected, keep="\n"), "\n\n"]
    for step, said in sorted(row.answers.items(), reverse=True):
        share = "" if said.probability is None else f"  probability {said.probability:.4f}"
        word = {True: "  right", False: "  wrong", None: ""}[said.correct]
        changed = "  changed" if said.changed else ""
        parts += [
            (f"step {step:,}  {said.marks.strip()}", "bold $primary"),
            (f"{word}{changed}{share}\n", "$text-muted"),
        ]
        parts += [visible(said.text, keep="\n") or "(empty)", "\n\n"]
    return Content.assemble(*parts)
