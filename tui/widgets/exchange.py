"""What was said to a model and what it answered, as one block of the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from tui.text import one_line, visible
from tui.widgets import prediction_view
from tui.widgets.prediction_view import LONGEST

if TYPE_CHECKING:
    from core.predictions import Prediction


class Exchange(Widget):
    """The texts on top, each behind a »; below, the answer as it comes in, and a note on it."""

    DEFAULT_CSS = "Exchange { height: auto; width: 1fr; margin-bottom: 1; }"

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__()
        self._texts = texts
        self._prediction: Prediction | None = None
        self._answer = ""
        self._note = "…"

    def show(self, prediction: Prediction) -> None:
        self._prediction, self._note = prediction, ""
        self.refresh(layout=True)

    def write(self, piece: str) -> None:
        """Add to the answer."""
        self._answer += piece
        self.refresh(layout=True)

    def note(self, text: str) -> None:
        """Say something about the answer, in place of what was said before."""
        self._note = text
        self.refresh(layout=True)

    @property
    def answer(self) -> str:
        return self._answer

    def render(self) -> Content:
        first, *others = self._texts
        texts = [first, *(one_line(text, LONGEST) if len(text) > LONGEST else text for text in others)]
        parts = [Content.assemble(("» ", "bold $primary"), (visible(text, keep="\n"), "bold")) for text in texts]
        if self._prediction is not None:
            parts.append(prediction_view.draw(self._prediction, self._texts, self.size.width))
        if self._answer:
            parts.append(Content(visible(self._answer, keep="\n")))
        if self._note:
            parts.append(Content.styled(visible(self._note), "$text-muted"))
        return Content("\n").join(parts)
