"""A metric as a full chart: of one run, train and evaluation over the same axes, or of several runs."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, VerticalScroll
from textual.content import Content
from textual.theme import Theme
from textual.widgets import Static
from textual.worker import get_current_worker

from core.errors import FinetuiError
from core.runs import by_hand, compare
from tui import chart_words, keys, metrics
from tui.charts import figure
from tui.charts.source import AXES, Source, give_colors
from tui.follow import RunFollower
from tui.metrics import Metric
from tui.screens.base import FinetuiScreen
from tui.text import one_line
from tui.widgets.chart import COLORS, Chart
from tui.widgets.header import HeaderLine

SMOOTHING = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
"""The shares of a curve over which it can be smoothed."""
OF_SEVERAL = 3
"""Which of them runs are compared with at first: the bands of noisy losses cover one another."""
PAINT_SECONDS = 0.5
"""Between two looks at runs that train: painting takes time from them, on few cores."""
PANEL = 32
"""Cells of a line beside the chart, where there is room for it."""


class ChartScreen(FinetuiScreen):
    """Stands over the screen that opened it.

    Args:
        mode: that screen.
        runs: runs that are followed already, by whoever opened this.
        paths: runs that this screen reads and follows itself.
        metric: the metric to begin with; the loss when absent.
    """

    BINDINGS: ClassVar[list[BindingType]] = keys.bindings("chart")
    CSS_PATH = "chart.tcss"
    WHERE = "chart"

    def __init__(
        self, mode: keys.Mode, runs: Sequence[RunFollower] = (), paths: Sequence[Path] = (), metric: str | None = None
    ) -> None:
        super().__init__()
        self._mode = mode
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
        self._sources = [Source(run) for run in runs]
        self._guests = {run.path for run in runs}
        self._paths = [*(run.path for run in runs), *paths]
        self._wish = figure.Wish(metric or "loss", "", None, "")
        self._differing: dict[str, list[object]] = {}
        self._smoothing: int | None = None
        self._cursor: int | None = None
        self._over = 0
        self._has_kin = False
        self._sizes: list[int] = []

    def header(self) -> HeaderLine:
        return HeaderLine(self._mode)

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="chart-head"):
            yield Static(id="chart-title")
            yield Static(id="chart-options")
        yield Static(id="chart-legend")
        with Container(id="chart-body"):
            yield Chart()
            with VerticalScroll(id="chart-differences", can_focus=False):
                yield Static(id="chart-different")

    def on_mount(self) -> None:
        self.query_one("#chart-differences").border_title = "config"
        self.query_one("#chart-differences").display = False
        self.query_one(Chart).focus()
        self.set_interval(PAINT_SECONDS, self._look)
        self.app.theme_changed_signal.subscribe(self, self._recolor)
        self._read(self._paths)

    # reading

    @work(exclusive=True, group="read")
    async def _read(self, paths: Sequence[Path]) -> None:
        """Read the runs that nobody follows yet; long ones take seconds, the first time."""
        worker = get_current_worker()

        def report(name: str, share: float) -> None:
            if not worker.is_cancelled:
                self.app.call_later(self._reading, name, share)

        known = {source.run.path: source for source in self._sources}
        self._show(*await asyncio.to_thread(_sources, paths, known, report))

    def _reading(self, name: str, share: float) -> None:
        if self.is_attached:
            self.query_one("#chart-legend", Static).update(Content(f"reading {one_line(name)}: {100 * share:.0f} %"))

    def _show(self, sources: list[Source], differing: dict[str, list[object]]) -> None:
        if not self.is_attached:
            return
        give_colors(sources, COLORS)
        self._sources = sources
        self._paths = [source.run.path for source in sources]
        self._differing = differing
        if self._smoothing is None:
            self._wish = dataclasses.replace(self._wish, smoothing=SMOOTHING[self._smoothed])
        self.query_one("#chart-differences").display = len(sources) > 1
        self._show_differences()
        self._choose(self._wish.metric)
        self.refresh_bindings()

    @property
    def _smoothed(self) -> int:
        """How much, out of SMOOTHING: as it was asked for, else as it suits what is shown."""
        if self._smoothing is not None:
            return self._smoothing
        return OF_SEVERAL if len(self._sources) > 1 else 0

    def _show_differences(self) -> None:
        """Write them as wide as there is room."""
        wide = self.has_class("-wide")
        width = PANEL if wide else self.size.width - 6
        self.query_one("#chart-different", Static).update(chart_words.differences(self._differing, width, wide))

    def _recolor(self, theme: Theme) -> None:
        self.query_one(Chart).notify_style_update()
        self._paint()

    def _look(self) -> None:
        if not self.is_current:
            return
        for source in self._sources:
            if source.run.path not in self._guests:
                source.run.poll()
        if [source.size for source in self._sources] != self._sizes:
            self._choose(self._wish.metric)  # its first evaluation may have come

    # painting

    @property
    def _charts(self) -> list[Metric]:
        """What there is to see. Of one run, an evaluation metric goes with what training logged under the same name."""
        known = {
            name: None for source in self._sources for name, item in source.run.state.series.items() if item.values
        }
        found = [metric for metric in metrics.shown(known) if metric.name in known]
        if len(self._sources) > 1:
            return found
        names = {metric.name for metric in found}
        return [metric for metric in found if metric.name.removeprefix("eval_") not in names - {metric.name}]

    def _choose(self, name: str) -> None:
        """Show this metric, or the one that it goes with."""
        charts = self._charts
        chosen = next((item for item in charts if item.name == name), None)
        chosen = chosen or next((item for item in charts if f"eval_{item.name}" == name), None)
        chosen = chosen or (charts[0] if charts else Metric(name, name))
        companion = f"eval_{chosen.name}"
        kin = self._kin_of(chosen, charts)
        self._over = min(self._over, len(kin))
        known = self._sources[0].run.state.series if self._sources else {}
        titles = {item.name: item.title for item in metrics.shown(known)}
        self._wish = dataclasses.replace(
            self._wish,
            metric=chosen.name,
            title=chosen.title,
            companion=companion if companion in titles else None,
            companion_title=titles.get(companion, ""),
            others=[(item.name, item.title) for item in kin[: self._over]],
            write=chosen.write,
        )
        self._paint()
        if bool(kin) != self._has_kin:
            self._has_kin = bool(kin)
            self.refresh_bindings()

    def _kin_of(self, chosen: Metric, charts: Sequence[Metric]) -> list[Metric]:
        """What can be read over the same y axis, beginning with what follows it: other scores, or other losses."""
        if len(self._sources) > 1 or not chosen.kind or chosen not in charts:
            return []
        at = charts.index(chosen)
        kin = [item for item in (*charts[at + 1 :], *charts[:at]) if item.kind == chosen.kind]
        return kin[: COLORS - 2]  # the metric itself and its companion have a colour each

    def _paint(self) -> None:
        chart = self.query_one(Chart)
        self._sizes = [source.size for source in self._sources]
        found = figure.build(self._sources, self._wish)
        chart.show(found, self._cursor)
        several = len(self._sources) > 1
        names = f"{len(self._sources)} runs" if several else one_line(self._sources[0].name if self._sources else "")
        title = self._wish.title if several or self._wish.companion is None else self._wish.title.removeprefix("train ")
        self.query_one("#chart-title", Static).update(Content.assemble((one_line(title), "bold"), "  ", names))
        self.query_one("#chart-options", Static).update(Content(chart_words.options(found)))
        place = chart.place_of(self._cursor) if self._cursor is not None and found.lines else None
        self.query_one("#chart-legend", Static).update(
            chart_words.legend(
                found, place, lambda name: chart.get_visual_style(f"chart--{name}"), self.size.width - 2, chart.signs
            )
        )

    @on(Chart.Resize)
    def _fit(self) -> None:
        if self._cursor is not None:
            self._cursor = min(self._cursor, self.query_one(Chart).columns - 1)
        if self._sources and self._wish.title:
            self._show_differences()
            self._paint()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("differences", "scroll"):
            return len(self._sources) > 1
        if action == "overlay":
            return self._has_kin
        return super().check_action(action, parameters)

    def action_close(self) -> None:
        """Leave the cursor; without one the chart."""
        if self._cursor is None:
            self.dismiss()
        else:
            self._cursor = None
            self._paint()

    def action_metric(self, by: int) -> None:
        names = [metric.name for metric in self._charts]
        if names:
            at = names.index(self._wish.metric) if self._wish.metric in names else -1
            self._over = 0
            self._choose(names[(at + by) % len(names)])

    def action_overlay(self) -> None:
        known = self._charts
        chosen = next((metric for metric in known if metric.name == self._wish.metric), None)
        self._over = (self._over + 1) % (len(self._kin_of(chosen, known)) + 1) if chosen is not None else 0
        self._choose(self._wish.metric)

    def action_cursor(self, by: int) -> None:
        last = self.query_one(Chart).columns - 1
        start = self._cursor if self._cursor is not None else (last + 1 if by < 0 else -1)
        self._cursor = max(0, min(last, start + by))
        self._paint()

    def action_axis(self) -> None:
        axes = [axis for axis in AXES if all(axis in source.axes() for source in self._sources)]
        at = axes.index(self._wish.axis) if self._wish.axis in axes else -1
        self._wish = dataclasses.replace(self._wish, axis=axes[(at + 1) % len(axes)])
        self._paint()

    def action_log(self) -> None:
        self._wish = dataclasses.replace(self._wish, log=not self._wish.log)
        self._paint()

    def action_smooth(self, by: int) -> None:
        self._smoothing = max(0, min(len(SMOOTHING) - 1, self._smoothed + by))
        self._wish = dataclasses.replace(self._wish, smoothing=SMOOTHING[self._smoothing])
        self._paint()

    def action_differences(self) -> None:
        panel = self.query_one("#chart-differences")
        panel.display = not panel.display

    def action_scroll(self, by: int) -> None:
        self.query_one("#chart-differences").scroll_relative(y=by, animate=False)

    @work
    async def action_compare(self) -> None:
        from tui.screens.compare_dialog import CompareDialog

        base = self._paths[0]
        chosen = await self.app.push_screen_wait(CompareDialog(self.finetui.store, base, self._paths[1:]))
        if chosen is not None:
            self._read([base, *chosen])

    @work(thread=True, exclusive=True, group="export")
    def action_export(self) -> None:
        """Write what is shown beside the run, in a thread: matplotlib takes seconds to import."""
        from tui.charts import export

        shown = self.query_one(Chart).figure
        if shown is None or not shown.lines:
            raise FinetuiError("there is nothing to write", "the chart is empty", "wait for the first values")
        self.app.call_later(self.notify, "writing CSV, SVG and PNG", timeout=2)
        base = export.write(self._paths[0], self._wish.metric, self._wish.title, shown)
        written = f"{base.name}.csv, .svg and .png are in {base.parent.name}/ of the run"
        self.app.call_later(self.notify, written, markup=False)


def _sources(
    paths: Sequence[Path], known: Mapping[Path, Source], report: Callable[[str, float], None]
) -> tuple[list[Source], dict[str, list[object]]]:
    """For a thread: the runs, ready to be drawn, and where they differ: in their configs, and by hand."""
    sources = []
    for path in paths:
        source = known.get(path)
        if source is None:
            run = RunFollower(path)
            run.replay(partial(report, path.name))
            source = Source(run)
        source.prepare()
        sources.append(source)
    if len(paths) < 2:
        return sources, {}
    configs = compare.differences(compare.read_configs(paths))
    return sources, by_hand.differences(configs, [source.run.state.commands for source in sources])
