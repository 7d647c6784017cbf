"""How often each label comes, how long the rows are, which are there twice: counted in a thread, drawn as it comes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
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
from tui import guess, length_reader, statistics_words
from tui.passes import Passes
from tui.screens.dialogs import ErrorDialog
from tui.statistics_words import Statistics
from tui.text import visible
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from datasets import Dataset

    from core.data.browse import Browser
    from core.data.statistics import Lengths, Measure

REDRAW_SECONDS = 0.5


class StatisticsDialog(ModalScreen[None]):
    """Escape stops the counting; what was counted stays. A second one closes.

    Args:
        numbers: the rows of the split that are shown, and so counted; None for all.
        waits: tokenize the rows only when asked to, for something trains in this process.
        model: whose tokens are counted; without one, characters are.
        described: plain data of the config on the form.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,s", "close", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("t", "measure", show=False),
    ]
    DEFAULT_CSS = """
    StatisticsDialog {
        background: $background;
        & VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size: 1 1; }
        & VerticalScroll > Static { height: auto; margin-bottom: 1; }
        & #statistics-keys { height: 1; padding: 0 1; color: $text-muted; background: $panel; }
    }
    """

    def __init__(
        self,
        browser: Browser,
        split: str,
        numbers: Sequence[int] | None,
        model: str,
        described: Mapping[str, Any],
        waits: bool = False,
    ) -> None:
        super().__init__()
        self._browser = browser
        self._split = split
        self._numbers = numbers
        self._model = model
        self._described = described
        self._waits = waits and bool(model)
        self._found = Statistics(browser.splits[split] if numbers is None else len(numbers), numbers is not None)
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
        of = f" of {self._browser.splits[self._split]:,}" if self._found.filtered else ""
        shown = ", those that are shown" if self._found.filtered else ""
        self._passes.status.text = f"{visible(self._split)} · {self._found.rows:,}{of} rows{shown}{model}"
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
        try:
            rows = await run("reading the rows", partial(_rows, self._browser, self._split, self._numbers))
            found.labels = await run("counting labels", partial(_labels, rows))
            self._draw()
            found.columns = await run("looking at the columns", partial(_text_columns, rows))
            if found.columns:
                found.twice = self._named(await run("comparing texts", partial(_twice, rows, found.columns)))
                found.shared = await run("comparing splits", partial(self._shared, rows, found.columns))
            found.used = guess.limit_of(self._browser, self._split, self._described)
            self._draw()
            if self._waits:
                found.asks = True
            else:
                await self._measured(rows)
        except Cancelled:
            self._passes.status.aside = "stopped"
        except FinetuiError as error:
            self.app.push_screen(ErrorDialog(error))
        self._draw()

    def action_measure(self) -> None:
        """Tokenize the rows although something trains."""
        if self._found.asks:
            self._found.asks = False
            self.measure_now()

    @work(exclusive=True)
    async def measure_now(self) -> None:
        try:
            await self._measured(_rows(self._browser, self._split, self._numbers))
        except Cancelled:
            self._passes.status.aside = "stopped"
        except FinetuiError as error:
            self.app.push_screen(ErrorDialog(error))
        self._draw()

    async def _measured(self, rows: Dataset) -> None:
        self._found.measure = await self._passes.run("loading the tokenizer", partial(self._measure, rows))
        await self._passes.run("measuring", partial(self._lengths, rows, self._found.measure))

    def _named(self, places: list[int]) -> list[int]:
        """The numbers in the split of rows that were counted among those that are shown."""
        return places if self._numbers is None else [int(self._numbers[place]) for place in places]

    def _shared(self, rows: Dataset, columns: list[str], watch: Watch) -> tuple[str, str, list[int]] | None:
        """The rows of the split to evaluate on that stand in the one to train on, where there are both."""
        from core.data import sources
        from core.data.duplicates import overlap

        browser = self._browser
        train = browser.data.train_split
        evaluation = browser.data.eval_split or sources.guess_evaluation(browser.splits)
        if evaluation is None or evaluation == train:
            return None
        splits = {name: rows if name == self._split else browser.rows(name) for name in (train, evaluation)}
        if any(not set(columns) <= set(split.column_names) for split in splits.values()):
            return None
        found = overlap(splits[train], splits[evaluation], columns, watch)
        return train, evaluation, self._named(found) if evaluation == self._split else found

    def _measure(self, rows: Dataset, watch: Watch) -> Measure:
        return length_reader.measure(self._browser, self._split, rows, self._model, self._described)

    def _lengths(self, rows: Dataset, measure: Measure, watch: Watch) -> None:
        from core.data.statistics import lengths

        def put(so_far: Lengths) -> None:
            self._found.lengths = so_far
            if time.monotonic() - self._drawn > REDRAW_SECONDS:
                self._drawn = time.monotonic()
                self.app.call_later(self._draw)

        lengths(rows, measure, put, watch)

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        width = self.size.width - 4
        self.query_one("#labels", Static).update(statistics_words.label_lines(self._found, width))
        height = max(5, min(12, self.size.height - 18))
        self.query_one("#lengths", Static).update(statistics_words.length_lines(self._found, width, height))
        self.query_one("#same", Static).update(statistics_words.same_lines(self._found))
        self.query_one("#labels").display = self._found.labels is not None


def _rows(browser: Browser, split: str, numbers: Sequence[int] | None, watch: Watch | None = None) -> Dataset:
    rows = browser.rows(split)
    return rows if numbers is None else rows.select(numbers, keep_in_memory=True)


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
