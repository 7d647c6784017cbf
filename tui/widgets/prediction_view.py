"""What a model said to typed texts: classes, entities in their sentence, answers in their context, a cosine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui.text import one_line, visible
from tui.widgets import label_bars

if TYPE_CHECKING:
    from core.predictions import Prediction, Span

LONGEST = 300
"""Characters of a second text that are shown whole: of a longer one, its beginning, and what is around the answer."""
AROUND = 60
"""Characters of the context that are shown on each side of the answer."""
NO_ANSWER = "(no answer)"


def draw(prediction: Prediction, texts: Sequence[str], width: int) -> Content:
    """The prediction on as many lines as it takes.

    Args:
        texts: what was typed, as the spans of the prediction count its characters.
    """
    parts = []
    if prediction.labels is not None:
        parts.append(label_bars.draw(prediction.labels, width))
    if prediction.words is not None:
        parts.append(Content("").join(_tagged(texts[0], prediction)))
    if prediction.entities is not None:
        parts.append(_bars(prediction.entities, width, likeliest_first=False, none="no entities"))
    if prediction.answers is not None:
        parts.append(_bars(prediction.answers, width, likeliest_first=True, none=NO_ANSWER))
        if prediction.answers and prediction.answers[0].text and len(texts[-1]) > LONGEST:
            parts.append(_excerpt(texts[-1], prediction.answers[0]))
    if prediction.similarity is not None:
        shown = label_bars.bar(max(0.0, prediction.similarity), min(label_bars.WIDEST_BAR, max(4, width - 20)))
        parts.append(Content.assemble("  cosine  ", (shown, "$primary"), (f" {prediction.similarity:.3f}", "bold")))
    if prediction.note:
        parts.append(Content.styled(visible(prediction.note), "$text-muted"))
    return Content("\n").join(parts)


def _bars(spans: Sequence[Span], width: int, likeliest_first: bool, none: str) -> Content:
    if not spans:
        return Content.styled(f"  {none}", "$text-muted")
    labels = [f"{span.label}: {span.text}" if span.label else span.text or NO_ANSWER for span in spans]
    shares = [span.probability for span in spans]
    return label_bars.draw_shares(list(zip(labels, shares, strict=True)), width, width // 2, likeliest_first)


def _tagged(text: str, prediction: Prediction) -> Iterator[Content]:
    """The text with its entities in brackets; where tags mark none, with a tag behind each word."""
    done = 0
    for span in (prediction.words or ()) if prediction.entities is None else prediction.entities:
        yield Content(visible(text[done : span.start], keep="\n"))
        word, tag = visible(span.text, keep="\n"), one_line(span.label)
        if prediction.entities is None:
            yield Content.assemble(word, (f"/{tag}", "$primary"))
        else:
            yield Content.assemble("[", (word, "bold"), (f" {tag}", "$primary"), "]")
        done = span.end
    yield Content(visible(text[done:], keep="\n"))


def _excerpt(context: str, answer: Span) -> Content:
    begin, end = max(0, answer.start - AROUND), answer.end + AROUND
    before, after = context[begin : answer.start], context[answer.end : end]
    return Content.assemble(
        ("  … " if begin else "  ", "$text-muted"),
        (_flat(before), "$text-muted"),
        (_flat(answer.text), "bold"),
        (_flat(after), "$text-muted"),
        (" …" if end < len(context) else "", "$text-muted"),
    )


def _flat(text: str) -> str:
    """On one line, with the spaces at its ends."""
    return visible("".join(" " if char.isspace() else char for char in text))
