"""How far a phase is, in one line: bar, percent, done of total, rate, time left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.figures import duration, plural
from tui.text import one_line

LEAST_BAR = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """What the line says. `total` is 0 where nobody knows; then there is no bar.

    `after` is more than the phase itself, `ends` the time of day when it will be over: it is left out first where the
    line is too short for all, the rate next.
    """

    label: str = ""
    done: int = 0
    total: int = 0
    unit: str = "step"
    rate: float | None = None
    eta: float | None = None
    after: str = ""
    ends: str = ""


class ProgressLine(Widget):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"progress--done", "progress--left", "progress--quiet"}
    shown: reactive[Shown] = reactive(Shown())

    def render(self) -> Content:
        done, left, quiet = (self.get_visual_style(f"progress--{part}") for part in ("done", "left", "quiet"))
        shown = self.shown
        label = Content.assemble(one_line(shown.label), "  ") if shown.label else Content("")
        if not shown.total:
            return label
        after = f"  {shown.after}" if shown.after else ""
        taken = label.cell_length + len(after) + 2
        figures, room = "", 0
        for ends, rate in ((True, True), (False, True), (False, False)):
            figures = self._figures(ends, rate)
            room = self.size.width - taken - len(figures)
            if room >= LEAST_BAR:
                break
        bar = min(max(room, LEAST_BAR), 60)
        halves = 2 * bar * min(shown.done, shown.total) // shown.total
        filled = "━" * (halves // 2) + "╸" * (halves % 2)
        return Content.assemble(label, (filled, done), ("─" * (bar - len(filled)), left), "  ", figures, (after, quiet))

    def _figures(self, ends: bool, rate: bool) -> str:
        shown = self.shown
        units = plural(shown.unit)
        parts = [f"{100 * shown.done // shown.total} %", f"{shown.done:,}/{shown.total:,} {units}"]
        if rate and shown.rate:
            slow = shown.rate < 1
            parts.append(f"{1 / shown.rate:.1f} s/{shown.unit}" if slow else f"{shown.rate:.1f} {units}/s")
        if shown.eta is not None and shown.done < shown.total:
            parts.append(f"{duration(shown.eta)} left" + (f", until {shown.ends}" if ends and shown.ends else ""))
        return "  ".join(parts)
