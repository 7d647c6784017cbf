"""One metric: its name, its latest value, its best, and the way it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from tui.buckets import Buckets
from tui.metrics import Metric
from tui.text import one_line
from tui.widgets import sparkline


class MetricCard(Widget, can_focus=True):
    """Draws `buckets`, which somebody else fills; `show` says that they changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"card--value", "card--quiet", "card--bar", "card--range", "card--bad"}

    def __init__(self, metric: Metric) -> None:
        super().__init__(classes=metric.kind)
        self.metric = metric
        self.border_title = Content(one_line(metric.title))
        self._buckets = Buckets()
        self._drawn: list[Strip] = []
        self._styles: dict[str, Style] = {}

    def show(self, buckets: Buckets) -> None:
        """Draw these values from now on."""
        self._buckets = buckets
        self._drawn = []
        self._say_range()
        self.refresh()

    def on_resize(self) -> None:
        self._drawn = []

    def watch_has_focus(self, value: bool) -> None:
        super().watch_has_focus(value)
        self._say_range()

    def _say_range(self) -> None:
        """What the foot and the top of the bars stand for, below the card that has the focus; the others are quiet."""
        said = range_of(self.metric, self._buckets) if self.has_focus else ""
        if said != self.border_subtitle:
            self.border_subtitle = said

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn = []
        self._styles = {}

    def render_line(self, y: int) -> Strip:
        if not self._drawn:
            self._drawn = self._draw(*self.size)
        return self._drawn[y]

    def _draw(self, width: int, height: int) -> list[Strip]:
        """All lines at once: the columns are found once, not for each line."""
        if not self._styles:
            self._styles = self._find_styles()
        styles, base = self._styles, self._styles["base"]
        lines = [Strip(self._figures(width, styles))]
        for row in sparkline.draw(self._buckets.columns(width), height - 1):
            lines.append(Strip([Segment(char, styles[kind]) for char, kind in row]).simplify())
        return [line.adjust_cell_length(width, base) for line in lines]

    def _find_styles(self) -> dict[str, Style]:
        names = ("value", "quiet", "bar", "range", "bad")
        styles = {name: self.get_component_rich_style(f"card--{name}") for name in names}
        both = styles["bar"] + Style(bgcolor=styles["range"].color)
        return {**styles, "both": both, "base": self.rich_style}

    def _figures(self, width: int, styles: Mapping[str, Style]) -> list[Segment]:
        value, total = self._buckets.latest, self._buckets.total
        if value is None:
            return [Segment("…", styles["quiet"])]
        left, right, style = self.metric.write(value), "", styles["quiet"]
        if total.bad:
            right, style = f"{total.bad} NaN" if total.bad < 10_000 else "NaN", styles["bad"]
        elif self.metric.extreme is not None:
            lowest = self.metric.extreme == "low"
            right = ("↓" if lowest else "↑") + self.metric.write(total.low if lowest else total.high)
        gap = width - len(left) - len(right)
        parts = [Segment(left, styles["value"])]
        if right and gap > 0:
            parts += [Segment(" " * gap, styles["base"]), Segment(right, style)]
        return parts


def range_of(metric: Metric, buckets: Buckets) -> str:
    """The lowest and the highest value, the unit once; empty where they read alike, or there is none."""
    drawn = buckets.columns(1)
    if not drawn or drawn[0].is_gap:
        return ""
    low, high = metric.write(drawn[0].low), metric.write(drawn[0].high)
    if low == high:
        return ""
    unit = high.partition(" ")[2]
    return f"{low.removesuffix(f' {unit}') if unit else low}\N{EN DASH}{high}"
