"""Asks which model to talk to: one that a run trained, or any by its path or Hub id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui import run_names
from tui.figures import number, own
from tui.status import LOOKS
from tui.text import one_line
from tui.widgets.path_input import PathInput

if TYPE_CHECKING:
    from core.runs.store import RunSummary

NO_RUNS = "No run has a model yet: start one in Configure (F3), or try the demo in Runs (F6)."


class ChooseModel(Vertical):
    """A list of runs and a line to type in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    class Chosen(Message):
        """Talk to this model."""

        def __init__(self, ref: str) -> None:
            super().__init__()
            self.ref = ref

    def compose(self) -> ComposeResult:
        ref = PathInput(id="model-ref", classes="titled")
        ref.border_title = "path or Hub id of a model"
        yield ref
        yield Static(id="model-note", classes="quiet")
        yield OptionList(id="model-runs", markup=False)

    def show_runs(self, runs: Sequence[RunSummary]) -> None:
        """List runs that have a model."""
        table = self.query_one("#model-runs", OptionList)
        tails = run_names.tails(runs)
        table.set_options(Option(_line(run, tails[run.path]), id=str(run.path)) for run in runs)
        table.display = bool(runs)
        self.query_one("#model-note", Static).update(Content("or the model of a run:" if runs else NO_RUNS))
        if runs:
            table.highlighted = 0

    def focus_first(self) -> None:
        runs = self.query_one("#model-runs", OptionList)
        (runs if runs.display and runs.option_count else self.query_one("#model-ref")).focus()

    def on_path_input_candidates(self, event: PathInput.Candidates) -> None:
        event.stop()
        names = one_line(" · ".join(event.names), 2 * self.size.width)
        self.query_one("#model-note", Static).update(Content(names or "or the model of a run:"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.post_message(self.Chosen(event.value.strip()))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(event.option_id or ""))


def _line(run: RunSummary, tail: str) -> Content:
    look = LOOKS[run.status]
    scores = [f"{name.removeprefix('eval_')} {number(value)}" for name, value in own(run.metrics).items()]
    best = scores[1:2] or scores[:1]  # the first is the loss
    return Content.assemble(
        (f"{one_line(run.name, 20):20}  ", "bold"),
        (f"{look.text:15}  ", look.color),
        (f"{one_line(tail)}  " if tail else "", "bold"),
        (one_line(" · ".join([*best, run.model]), 16 if tail else 30), ""),
    )
