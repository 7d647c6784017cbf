"""The page on which one talks to a model: the history above, the lines to type in below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from tui.text import one_line
from tui.widgets.exchange import Exchange
from tui.widgets.prompt_input import PromptInput

DEFAULT_LENGTH = 200


@dataclass(frozen=True)
class Manner:
    """How a model wants to be talked to.

    Attributes:
        fields: the names of the one or two texts that it takes at a time.
        writes: it answers with text, so that there is a limit to set.
        examples: worth typing.
        keeps: the second text stays for the next question.
        chat: it remembers what was said before, and takes a system line.
    """

    fields: tuple[str, ...]
    writes: bool
    examples: tuple[str, ...] = ()
    keeps: bool = False
    chat: bool = False

    @property
    def pair(self) -> bool:
        return len(self.fields) > 1


class Talk(Vertical):
    """Posts Said; the answer is written into the Exchange that `add` gives."""

    # Before the line that has the focus sees them: Textual hands what follows a Tab to that line until the Tab has gone
    # all the way up, and who types fast would write on in the line before.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", show=False, priority=True),
    ]

    class Said(Message):
        """The person sent this: one text, or two."""

        def __init__(self, texts: list[str]) -> None:
            super().__init__()
            self.texts = texts

    _manner = Manner(("text",), False)
    _model = ""
    _answered = ""
    _another = False
    _usual = ""

    def compose(self) -> ComposeResult:
        yield VerticalScroll(id="history", can_focus=True)
        yield Static(id="talk-hint", classes="quiet")
        with Horizontal(id="talk-lines"):
            with Vertical(id="talk-texts"):
                yield PromptInput(id="talk-text", classes="titled", select_on_focus=False)
                yield PromptInput(id="talk-pair", classes="titled")
            length = Input(str(DEFAULT_LENGTH), id="talk-length", type="integer", max_length=5, classes="titled")
            length.border_title = "max new tokens"
            yield length

    def settle(self, manner: Manner, model: str = "") -> None:
        """Get ready for another model; the history stays, and says from where on this one answers.

        Args:
            model: what it is called there.
        """
        self._manner, self._model, self._another = manner, model, True
        first, second = self.query_one("#talk-text", PromptInput), self.query_one("#talk-pair", PromptInput)
        first.border_title = manner.fields[0]
        second.border_title = "system line, if any" if manner.chat else manner.fields[-1]
        second.display = manner.pair or manner.chat
        self.query_one("#talk-length").display = manner.writes
        first.offer(list(manner.examples))
        second.offer([])
        examples = ", ".join(one_line(example, 20) for example in manner.examples)
        send = "Tab to the other text   Enter sends both" if manner.pair else "Enter sends"
        hint = f"try: {examples}   (↑ types one)" if examples else f"{send}   ↑ brings back what was sent"
        if manner.chat:
            hint += "   Ctrl+L begins anew"
        self._usual = hint
        self._hint(hint)

    def _hint(self, line: str) -> None:
        self.query_one("#talk-hint", Static).update(Content(line))

    @property
    def system(self) -> str:
        """What a chat begins with; empty for none."""
        return self.query_one("#talk-pair", Input).value.strip() if self._manner.chat else ""

    @property
    def length(self) -> int:
        """How many tokens an answer may have."""
        text = self.query_one("#talk-length", Input).value
        return max(1, int(text)) if text.isdigit() else DEFAULT_LENGTH

    def type(self, text: str) -> None:
        """Put what was typed before there was a line for it into the first text."""
        first = self.query_one("#talk-text", Input)
        first.insert(text, len(first.value))
        first.cursor_position = len(first.value)

    async def add(self, texts: Sequence[str]) -> Exchange:
        """Begin an exchange at the end of the history, and keep its texts to be recalled."""
        for line, text in zip(self.query(PromptInput), texts, strict=False):
            line.keep(text)
        if self._manner.keeps:
            self.query_one("#talk-pair", PromptInput).value = texts[-1]
        self.query_one("#talk-text").focus()
        self._hint(self._usual)
        exchange = Exchange(texts)
        history = self.query_one("#history", VerticalScroll)
        if self._another and self._answered:
            words = f"── above: {one_line(self._answered)}\n── from here on: {one_line(self._model)}\n"
            await history.mount(Static(Content(words), classes="quiet"))
        self._another, self._answered = False, self._model
        await history.mount(exchange)
        history.anchor()
        return exchange

    async def clear(self) -> None:
        await self.query_one("#history").remove_children()
        self._answered = ""

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.send()

    def send(self) -> None:
        """Say what is typed, or which text is missing."""
        first, second = self.query_one("#talk-text", Input), self.query_one("#talk-pair", Input)
        asked = [first, second] if self._manner.pair else [first]
        empty = next((line for line in asked if not line.value.strip()), None)
        if empty is None:
            self.post_message(self.Said([line.value for line in asked]))
            return
        empty.focus()
        if self._manner.pair and any(line.value.strip() for line in asked):
            missing = self._manner.fields[asked.index(empty)]
            self._hint(f"! {one_line(missing)} is empty: this model takes two texts")
