"""The texts, their tokens under one tokenizer or two, and all there is to say of the token that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from tui import inspection_words as words
from tui import token_layout
from tui.text import visible
from tui.widgets.text_pane import TextPane
from tui.widgets.token_strip import OWN, TokenStrip

if TYPE_CHECKING:
    from core.inspection.view import TokenView


class TokenPage(Vertical):
    """A cursor in a strip lights up the characters in the text, a cursor in the text the tokens in the strips."""

    DEFAULT_CSS = """
    TokenPage {
        height: 1fr;
        & TextPane { height: 6; }
        & #strips { height: 1fr; layout: vertical; }
        & .strip-pane { height: 1fr; width: 1fr; padding: 0 1; }
        & #loss { height: auto; max-height: 3; padding: 0 2; color: $foreground; }
        & #loss.-target { max-height: 50%; }
        & #token { height: 2; padding: 0 2; color: $text-muted; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._views: tuple[TokenView, ...] = ()
        self._looked = 0

    def compose(self) -> ComposeResult:
        yield TextPane(id="text")
        yield Static(id="loss")
        with Horizontal(id="strips"):
            for place in ("first", "second"):
                with Vertical(classes="pane strip-pane", id=f"{place}-pane"):
                    yield TokenStrip(id=place)
        yield Static(id="token")

    def on_mount(self) -> None:
        self.query_one("#second-pane").display = False

    @property
    def pane(self) -> TextPane:
        return self.query_one(TextPane)

    @property
    def first(self) -> TokenStrip:
        return self.query_one("#first", TokenStrip)

    def show(self, names: list[str], views: list[TokenView], labels: bool, columns: str, typed: bool) -> None:
        """Show one element under one tokenizer or two.

        Args:
            labels: what the loss sees stands below the tokens; else their ids.
            columns: where the texts come from, for people.
            typed: the text stands in the pane already: it is being typed.
        """
        self._views = tuple(views)
        self._looked = min(self._looked, len(views) - 1)
        view = views[0]
        if not typed:
            self.pane.show(view.texts)
        reached = sum(view.reach())
        total = sum(map(len, view.texts))
        title = "text" if len(view.texts) < 2 else f"{len(view.texts)} texts"
        self.pane.border_title = Content(f"{'type here' if typed else title} · {total:,} characters")
        if view.truncated and len(view.texts) == 1:
            columns = f"✂ the model gets the first {reached:,} characters"
        self.pane.border_subtitle = Content("Esc back to the row" if typed else visible(columns))
        two = len(views) > 1
        self.set_class(two, "-two")
        self.query_one("#second-pane").display = two
        under: token_layout.Under = "labels" if labels else "ids" if not two else ""
        for index, (name, shown) in enumerate(zip(names, views, strict=True)):
            strip = self.query_one("#first" if index == 0 else "#second", TokenStrip)
            other = token_layout.cuts(views[1 - index]) if two else None
            strip.show(shown, under, other)
            pane = strip.parent
            assert isinstance(pane, Vertical)
            pane.border_title = Content(visible(f"{name} · {words.counts(shown)}"))
            pane.border_subtitle = Content(_differences(shown, other)) if other is not None else Content("")
        said = self.query_one("#loss", Static)
        said.display = labels
        said.set_class(bool(view.target), "-target")
        if labels:
            said.update(_loss(view, max(1, self.size.width - 4)))
        self._tell(self._looked)

    @on(TokenStrip.Moved)
    def light_characters(self, event: TokenStrip.Moved) -> None:
        event.stop()
        index = 0 if event.strip.id == "first" else 1
        if index >= len(self._views):
            return
        if event.strip.has_focus:
            self._looked = index
        self._tell(self._looked)
        spans = self._views[index].spans
        span = spans[event.position] if event.position < len(spans) else None
        if event.strip.has_focus:
            self.pane.light(span)
            if span is not None:
                self._follow(span[0], span[1], keep=index)

    @on(TextPane.Pointed)
    def light_token(self, event: TextPane.Pointed) -> None:
        event.stop()
        self._follow(event.text, event.char)

    def _follow(self, text: int, char: int, keep: int | None = None) -> None:
        """Look at the token of a character in every strip but `keep`."""
        for index, view in enumerate(self._views):
            position = view.at(text, char)
            if index != keep and position is not None:
                self.query_one("#first" if index == 0 else "#second", TokenStrip).current = position

    def _tell(self, index: int) -> None:
        if not self._views:
            return
        strip = self.query_one("#first" if index == 0 else "#second", TokenStrip)
        first, second = words.token(self._views[index], strip.current)
        self.query_one("#token", Static).update(
            Content.assemble(Content.styled(first, "$foreground"), "\n", second), layout=False
        )


def _loss(view: TokenView, width: int) -> Content:
    said = [Content(words.loss(view))]
    if view.ending:
        sign = "✓" if view.stops else "!"
        said.append(Content.styled(f"{sign} {visible(view.ending)}", "$success" if view.stops else "$warning"))
    if view.target:
        pieces = words.target(view)
        lines = token_layout.break_lines([cell_len(piece) - 1 for piece in pieces], width)
        said += [Content("".join(pieces[line.start : line.stop])) for line in lines]
    return Content("\n").join(said)


def _differences(view: TokenView, other: set[tuple[int, int]]) -> str:
    own = sum(1 for cut in token_layout.cuts(view) if cut not in other)
    return f"{OWN} {own:,} cuts of its own" if own else "cuts where the other does"
