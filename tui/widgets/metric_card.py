"""One metric: its name, its latest value, its best, and the way it took."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui.buckets import Buckets
from tui.metrics import Metric
from tui.text import one_line
from tui.widgets import sparkline


class MetricCard(Widget):
    """Draws `buckets`, which somebody else fills; `show` says that they changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"card--value", "card--quiet", "card--bar", "card--range", "card--bad"}

    def __init__(self, metric: Metric) -> None:
        super().__init__(classes=metric.kind)
        self.metric = metric
        self.border_title = one_line(metric.title)
        self._buckets = Buckets()

    def show(self, buckets: Buckets) -> None:
        """Draw these values from now on."""
        self._buckets = buckets
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        base = self.rich_style
        if y == 0:
            return Strip(self._figures(width)).adjust_cell_length(width, base)
        rows = sparkline.draw(self._buckets.columns(width), height - 1)
        styles = self._styles()
        return (
            Strip([Segment(char, styles[kind]) for char, kind in rows[y - 1]])
            .simplify()
            .adjust_cell_length(width, base)
        )

    def _figures(self, width: int) -> list[Segment]:
        value, total = self._buckets.latest, self._buckets.total
        if value is None:
            return [Segment("…", self.get_component_rich_style("card--quiet"))]
        left = self.metric.write(value)
        style = "card--quiet"
        right = ""
        if total.bad:
            right, style = f"{total.bad} NaN" if total.bad < 10_000 else "NaN", "card--bad"
        elif self.metric.extreme is not None and not total.is_gap:
            lowest = self.metric.extreme == "low"
            right = ("↓" if lowest else "↑") + self.metric.write(total.low if lowest else total.high)
        gap = width - len(left) - len(right)
        parts = [Segment(left, self.get_component_rich_style("card--value"))]
        if right and gap > 0:
            parts += [Segment(" " * gap, self.rich_style), Segment(right, self.get_component_rich_style(style))]
        return parts

    def _styles(self) -> dict[sparkline.Kind, Style]:
        bar, spread = (self.get_component_rich_style(f"card--{name}") for name in ("bar", "range"))
        bad = self.get_component_rich_style("card--bad")
        return {"bar": bar, "range": spread, "both": bar + Style(bgcolor=spread.color), "bad": bad}
