"""The probabilities of a classifier as bars, with their figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tui.figures import number
from tui.text import one_line

if TYPE_CHECKING:
    from core.predictions import LabelScore

MOST = 8
"""Labels that are drawn; of hundreds the rest is next to nothing."""
WIDEST_LABEL = 24
WIDEST_BAR = 40
EIGHTHS = " ▏▎▍▌▋▊▉"


EXCLUSIVE = 0.01
"""Labels whose probabilities add up to 1 but for this exclude one another."""


def draw(scores: Sequence[LabelScore], width: int) -> Content:
    """One line per label, the most probable first and bold; a number alone for regression."""
    if len(scores) == 1 and scores[0].label == "value":
        return Content.assemble("  value ", (number(scores[0].probability), "bold $primary"))
    lines = [draw_shares([(score.label, score.probability) for score in scores[:MOST]], width)]
    if len(scores) > MOST:
        rest = [score.probability for score in scores[MOST:]]
        said = f"{len(rest)} more labels share {sum(rest):.1%}" if len(rest) > 1 else f"1 more label has {rest[0]:.1%}"
        if len(rest) > 1 and abs(sum(score.probability for score in scores) - 1) > EXCLUSIVE:
            said = f"{len(rest)} more labels have at most {rest[0]:.1%}"
        lines.append(Content.styled(f"  {said}", "$text-muted"))
    return Content("\n").join(lines)


def draw_shares(
    shares: Sequence[tuple[str, float]], width: int, widest: int = WIDEST_LABEL, likeliest_first: bool = True
) -> Content:
    """One line per label with its probability; the first one bold where it is the likeliest."""
    labels = [one_line(label, widest) for label, _ in shares]
    label_width = max(Content(label).cell_length for label in labels)
    room = max(4, min(WIDEST_BAR, width - label_width - 13))
    lines = [
        _line(label, label_width, share, room, first=likeliest_first and index == 0)
        for index, (label, (_, share)) in enumerate(zip(labels, shares, strict=True))
    ]
    return Content("\n").join(lines)


def _line(label: str, label_width: int, probability: float, room: int, first: bool) -> Content:
    padded = label + " " * (label_width - Content(label).cell_length)
    figure = f"{probability * 100:5.1f} %"
    color = "$primary" if first else "$text-muted"
    return Content.assemble(
        ("  ", ""),
        (padded, "bold" if first else ""),
        "  ",
        (bar(probability, room), color),
        (f" {figure}", "bold" if first else ""),
    )


def bar(share: float, room: int) -> str:
    """A bar of `share` of `room` cells, to an eighth of a cell, padded to `room`."""
    eighths = round(max(0.0, min(1.0, share)) * room * 8)
    whole, part = divmod(eighths, 8)
    text = "█" * whole + (EIGHTHS[part] if part else "")
    return text.ljust(room)
