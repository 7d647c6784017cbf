"""Asks which data to open: a path or Hub id, typed or one of the last ones."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.text import one_line
from tui.widgets.path_input import PathInput

HINT = "Tab completes, Enter opens: csv, json, jsonl, parquet, arrow, txt, a folder of them, a saved dataset"
WIDEST_PLACE = 36


class OpenData(Vertical):
    """Two lines to type in and a list. What was typed stays until other data is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    class Wanted(Message):
        """Open this; `subset` is empty for most data."""

        def __init__(self, ref: str, subset: str) -> None:
            super().__init__()
            self.ref = ref
            self.subset = subset

    def compose(self) -> ComposeResult:
        ref = PathInput(id="open-ref", classes="titled")
        ref.border_title = "path or Hub id"
        yield ref
        yield Static(HINT, id="open-hint", classes="quiet")
        subset = Input(id="open-subset", classes="titled")
        subset.border_title = "subset, where a Hub id has several"
        yield subset
        yield Static("opened before", id="open-lately")
        yield OptionList(id="open-recent", markup=False)

    def show_recent(self, refs: list[str]) -> None:
        """List what was opened before: `REF` or `REF SUBSET`, apart by a tab."""
        recent = self.query_one("#open-recent", OptionList)
        recent.set_options(Option(_line(ref), id=ref) for ref in refs)
        recent.highlighted = 0 if refs else None
        recent.display = self.query_one("#open-lately").display = bool(refs)

    def focus_first(self) -> None:
        self.query_one("#open-ref").focus()

    def on_path_input_candidates(self, event: PathInput.Candidates) -> None:
        event.stop()
        names = " · ".join(event.names)
        self.query_one("#open-hint", Static).update(Content(one_line(names, 2 * self.size.width) or HINT))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        ref = self.query_one("#open-ref", Input).value.strip()
        if ref:
            self.post_message(self.Wanted(ref, self.query_one("#open-subset", Input).value.strip()))
        else:
            self.focus_first()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        ref, _, subset = (event.option_id or "").partition("\t")
        self.query_one("#open-ref", Input).value = ref
        self.query_one("#open-subset", Input).value = subset
        self.post_message(self.Wanted(ref, subset))


def _line(recent: str) -> Content:
    ref, _, subset = recent.partition("\t")
    folder, slash, name = ref.rstrip("/").rpartition("/") if ref.startswith("/") else ("", "", ref)
    place = folder + slash
    if len(place) > WIDEST_PLACE:
        place = "…" + place[-WIDEST_PLACE:]
    return Content.assemble(
        (one_line(f"{name}  {subset}".rstrip(), 30), "bold"), (f"  {one_line(place)}", "$text-muted")
    )
