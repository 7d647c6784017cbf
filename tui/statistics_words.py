"""The statistics of a split as lines: bars of labels, a histogram of lengths, what is there twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.content import Content

from tui.text import one_line
from tui.widgets.label_bars import WIDEST_BAR, WIDEST_LABEL, bar

if TYPE_CHECKING:
    from core.data.statistics import Lengths, Measure

MOST_LABELS = 12
MOST_ROWS = 8
"""Row numbers that are written out."""


@dataclass
class Statistics:
    """What is known so far; None where it is not counted yet.

    Attributes:
        rows: how many are counted: those that are shown.
        filtered: whether a filter is on, so that they are not all of the split.
        used: how many of the split the run on the form uses (data.limit), where it says so.
        asks: tokens are counted only when asked for.
        labels: the column, and rows per label.
        measure: in what lengths are counted; `lengths` those of the rows so far, the first ones of the split.
        twice: rows that equal an earlier one.
        shared: the splits to train and to evaluate on, and the rows of the latter that stand in the former.
        columns: those whose texts are compared.
    """

    rows: int
    filtered: bool = False
    used: int | None = None
    asks: bool = False
    labels: tuple[str, Mapping[str, int]] | None = None
    measure: Measure | None = None
    lengths: Lengths | None = None
    twice: Sequence[int] | None = None
    shared: tuple[str, str, Sequence[int]] | None = None
    columns: list[str] = field(default_factory=list)


def label_lines(found: Statistics, width: int) -> Content:
    """A line per label, with its share."""
    if found.labels is None:
        return Content("")
    column, counts = found.labels
    total = max(1, sum(counts.values()))
    shown = dict(list(counts.items())[:MOST_LABELS])
    names = {label: one_line(label, WIDEST_LABEL) or '""' for label in shown}
    label_width = max((Content(name).cell_length for name in names.values()), default=0)
    room = max(4, min(WIDEST_BAR, width - label_width - 26))
    lines = [Content.assemble((one_line(column, 40), "bold $primary"), (f"  {_labels(counts)}", "$text-muted"))]
    for label, count in shown.items():
        name = names[label] + " " * (label_width - Content(names[label]).cell_length)
        drawn = (bar(count / max(counts.values()), room), "$primary")
        lines.append(Content.assemble(f"  {name}  ", drawn, f"  {100 * count / total:5.1f} %  {count:>9,}"))
    if len(counts) > len(shown):
        rest = sum(counts.values()) - sum(shown.values())
        lines.append(
            Content.styled(f"  {len(counts) - len(shown):,} more share {100 * rest / total:.1f} %", "$text-muted")
        )
    return Content("\n").join(lines)


def _labels(counts: Mapping[str, int]) -> str:
    if len(counts) == 1:
        return "one label"
    rarest = min(counts.values())
    ratio = max(counts.values()) / rarest if rarest else 0.0
    balance = f", {ratio:,.{0 if ratio >= 100 else 1}f} to 1" if rarest else ", some never come"
    return f"{len(counts):,} labels{balance}"


def length_lines(found: Statistics, width: int, height: int) -> Content:
    """What is measured, quantiles, what is cut, the histogram."""
    measure = found.measure
    if measure is None:
        return (
            Content.styled("a run trains: t counts tokens all the same", "$text-muted") if found.asks else Content("")
        )
    title = Content.assemble(
        (f"{measure.unit} per row", "bold $primary"), (f"  {one_line(measure.note)}", "$text-muted")
    )
    if measure.unit == "characters":
        title = Content.assemble(title, ("; m on the rows chooses a tokenizer", "$text-muted"))
    if found.lengths is None or not len(found.lengths):
        nothing = "no column is text" if measure.of is None else "…"
        return Content.assemble(title, "\n  ", nothing)
    import numpy as np

    from tui.charts import histogram

    lengths = found.lengths
    median, most = (int(np.quantile(lengths, share, method="lower")) for share in (0.5, 0.95))
    said = f"median {median:,} · 95 % up to {most:,} · longest {int(lengths.max()):,}"
    if len(lengths) < found.rows:
        said = f"first {len(lengths):,} rows: {said}"
    lines = [title, Content(f"  {said}")]
    if measure.limit is not None:
        cut = int((lengths > measure.limit).sum())
        share = f"  max_length {measure.limit:,} (┊): {cut:,} rows, {100 * cut / len(lengths):.1f} %, are truncated (▓)"
        lines.append(Content.styled(share, "bold $warning" if cut else ""))
    drawn = histogram.draw(lengths, max(20, width - 4), height, measure.limit)
    lines += [Content(f"  {line}") for line in drawn]
    return Content("\n").join(lines)


def same_lines(found: Statistics) -> Content:
    """How many rows are there twice, and which."""
    title = Content.assemble(
        ("same text", "bold $primary"),
        (f"  {one_line(', '.join(found.columns)) or 'no column is text'}", "$text-muted"),
    )
    lines = [title]
    if found.twice is not None:
        of = "those that are shown" if found.filtered else "the split"
        lines.append(Content(f"  {_rows(found.twice)} an earlier row of {of}{_which(found.twice)}"))
    if found.shared is not None:
        train, evaluation, shared = found.shared
        verb = "stands" if len(shared) == 1 else "stand"
        count = f"{len(shared):,} {'row' if len(shared) == 1 else 'rows'}"
        of = " (of the rows that are shown)" if found.filtered else ""
        said = f"  {count} of {one_line(evaluation)} {verb} in {one_line(train)}{of}{_which(shared)}"
        lines.append(Content.styled(said, "bold $warning" if shared else ""))
    if found.used is not None:
        said = f"  all rows that are shown are counted; a run uses the first {found.used:,} of the split (data.limit)"
        lines.append(Content.styled(said, "$text-muted"))
    return Content("\n").join(lines)


def _rows(numbers: Sequence[int]) -> str:
    return f"{len(numbers):,} {'row equals' if len(numbers) == 1 else 'rows equal'}"


def _which(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return ": " + ", ".join(f"{row:,}" for row in numbers[:MOST_ROWS]) + (", …" if len(numbers) > MOST_ROWS else "")
