"""How far a phase is, in one line: bar, percent, done of total, rate, time left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.figures import duration
from tui.text import one_line

LEAST_BAR = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """What the line says. `total` is 0 where nobody knows; then there is no bar."""

    label: str = ""
    done: int = 0
    total: int = 0
    unit: str = "step"
    rate: float | None = None
    eta: float | None = None
    after: str = ""


class ProgressLine(Widget):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"progress--done", "progress--left", "progress--quiet"}
    shown: reactive[Shown] = reactive(Shown())

    def render(self) -> Content:
        done, left, quiet = (self.get_visual_style(f"progress--{part}") for part in ("done", "left", "quiet"))
        shown = self.shown
        label = Content.assemble(one_line(shown.label), "  ") if shown.label else Content("")
        if not shown.total:
            return label
        figures = self._figures()
        after = f"  {shown.after}" if shown.after else ""
        room = self.size.width - label.cell_length - len(figures) - len(after) - 2
        bar = min(max(room, LEAST_BAR), 60)
        halves = 2 * bar * min(shown.done, shown.total) // shown.total
        filled = "━" * (halves // 2) + "╸" * (halves % 2)
        return Content.assemble(label, (filled, done), ("─" * (bar - len(filled)), left), "  ", figures, (after, quiet))

    def _figures(self) -> str:
        shown = self.shown
        parts = [f"{100 * shown.done // shown.total} %", f"{shown.done:,}/{shown.total:,} {_plural(shown.unit)}"]
        if shown.rate:
            slow = shown.rate < 1
            parts.append(
                f"{1 / shown.rate:.1f} s/{shown.unit}" if slow else f"{shown.rate:.1f} {_plural(shown.unit)}/s"
            )
        if shown.eta is not None and shown.done < shown.total:
            parts.append(f"{duration(shown.eta)} left")
        return "  ".join(parts)


def _plural(unit: str) -> str:
    return f"{unit}es" if unit.endswith("ch") else f"{unit}s"
