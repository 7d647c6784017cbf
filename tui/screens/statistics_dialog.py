"""How often each label comes, how long the rows are, which are there twice: counted in a thread, drawn as it comes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from core.data.chunks import Cancelled, Watch
from core.errors import FinetuiError
from tui import length_reader, statistics_words
from tui.passes import Passes
from tui.screens.dialogs import ErrorDialog
from tui.statistics_words import Statistics
from tui.text import visible
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from core.data.browse import Browser
    from core.data.statistics import Lengths, Measure

REDRAW_SECONDS = 0.5


class StatisticsDialog(ModalScreen[None]):
    """Escape stops the counting; what was counted stays. A second one closes.

    Args:
        model: whose tokens are counted; without one, characters are.
        described: plain data of the config on the form.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,s", "close", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
    ]
    DEFAULT_CSS = """
    StatisticsDialog {
        background: $background;
        & VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size: 1 1; }
        & VerticalScroll > Static { height: auto; margin-bottom: 1; }
        & #statistics-keys { height: 1; padding: 0 1; color: $text-muted; background: $panel; }
    }
    """

    def __init__(self, browser: Browser, split: str, model: str, described: Mapping[str, Any]) -> None:
        super().__init__()
        self._browser = browser
        self._split = split
        self._model = model
        self._described = described
        self._found = Statistics(browser.splits[split])
        self._passes = Passes(StatusLine())
        self._drawn = 0.0

    def compose(self) -> ComposeResult:
        yield self._passes.status
        with VerticalScroll(can_focus=False):
            yield Static(id="labels")
            yield Static(id="lengths")
            yield Static(id="same")
        yield Static(Content("↑ ↓ scroll   Esc stops counting, then back"), id="statistics-keys")

    def on_mount(self) -> None:
        model = f" · {visible(self._model.rstrip('/').rpartition('/')[2])}" if self._model else ""
        self._passes.status.text = f"{visible(self._split)} · {self._found.rows:,} rows{model}"
        self.count()

    def on_resize(self) -> None:
        self._draw()

    def action_scroll(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def action_close(self) -> None:
        if self._passes.goes:
            self._passes.cancel()
        else:
            self.dismiss()

    @work(exclusive=True)
    async def count(self) -> None:
        """Count one thing after the other; the lengths, which take longest, come last."""
        found, run = self._found, self._passes.run
        rows = self._browser.rows(self._split)
        try:
            found.labels = await run("counting labels", partial(_labels, rows))
            self._draw()
            found.columns = await run("looking at the columns", partial(_text_columns, rows))
            if found.columns:
                found.twice = await run("comparing texts", partial(_twice, rows, found.columns))
                found.shared = await run("comparing splits", partial(_shared, self._browser, found.columns))
            self._draw()
            found.measure = await run("loading the tokenizer", self._measure)
            await run("measuring", partial(self._lengths, found.measure))
        except Cancelled:
            self._passes.status.aside = "stopped"
        except FinetuiError as error:
            self.app.push_screen(ErrorDialog(error))
        self._draw()

    def _measure(self, watch: Watch) -> Measure:
        return length_reader.measure(self._browser, self._split, self._model, self._described)

    def _lengths(self, measure: Measure, watch: Watch) -> None:
        from core.data.statistics import lengths

        def put(so_far: Lengths) -> None:
            self._found.lengths = so_far
            if time.monotonic() - self._drawn > REDRAW_SECONDS:
                self._drawn = time.monotonic()
                self.app.call_later(self._draw)

        lengths(self._browser.rows(self._split), measure, put, watch)

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        width = self.size.width - 4
        self.query_one("#labels", Static).update(statistics_words.label_lines(self._found, width))
        height = max(5, min(12, self.size.height - 18))
        self.query_one("#lengths", Static).update(statistics_words.length_lines(self._found, width, height))
        self.query_one("#same", Static).update(statistics_words.same_lines(self._found))
        self.query_one("#labels").display = self._found.labels is not None


def _labels(rows: Any, watch: Watch) -> tuple[str, Mapping[str, int]] | None:
    from core.data import statistics

    column = statistics.label_column(rows.features)
    counts = statistics.count_labels(rows, column, watch) if column is not None else None
    return (column, counts) if column is not None and counts is not None else None


def _text_columns(rows: Any, watch: Watch) -> list[str]:
    from core.data import statistics

    return statistics.text_columns(rows)


def _twice(rows: Any, columns: list[str], watch: Watch) -> list[int]:
    from core.data.duplicates import duplicates

    return duplicates(rows, columns, watch)


def _shared(browser: Browser, columns: list[str], watch: Watch) -> tuple[str, str, list[int]] | None:
    """The rows of the split to evaluate on that stand in the one to train on, where there are both."""
    from core.data import sources
    from core.data.duplicates import overlap

    train, evaluation = browser.data.train_split, browser.data.eval_split or sources.guess_evaluation(browser.splits)
    if evaluation is None or evaluation == train:
        return None
    for split in (train, evaluation):
        if not set(columns) <= set(browser.rows(split).column_names):
            return None
    return train, evaluation, overlap(browser.rows(train), browser.rows(evaluation), columns, watch)
