"""Tables at the end of a run, and of runs: fitted to the width, nothing in them is markup."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tui.figures import number, own
from tui.text import one_line

PIPE_WIDTH = 120
"""Columns of a table where nothing says how wide the reader's screen is."""


def print_table(
    stream: TextIO,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[str] = (),
    cut: Sequence[str] = (),
) -> None:
    """Rows under headers, one line each. Where it is narrow, the columns in `cut` give way."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, header in enumerate(headers):
        whole = max((len(row[index]) for row in rows if index < len(row)), default=0)
        table.add_column(
            header,
            justify="right" if header in right else "left",
            no_wrap=header not in cut,
            min_width=None if header in cut else max(whole, len(header)),
        )
    for row in rows:
        table.add_row(*(Text(one_line(cell), no_wrap=True, overflow="ellipsis") for cell in row))
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    console = Console(file=stream, width=width, highlight=False)
    with console.capture() as text:  # rich itself would end the process where the reader has left
        console.print(table)
    stream.write(text.get())
    stream.flush()


def print_metrics(
    stream: TextIO, metrics: Mapping[str, float], baselines: Mapping[str, Mapping[str, float]] | None = None
) -> None:
    """The final metrics of a run; beside them, where there are any, those of simpler methods."""
    if not metrics:
        return
    columns = {"this run": metrics, **(baselines or {})}
    rows = [
        [name.removeprefix("eval_"), *(number(column[name]) if name in column else "" for column in columns.values())]
        for name in own(metrics)
    ]
    print_table(stream, ["metric", *columns], rows, right=list(columns))
