"""A chart as files in its run's folder: every value as CSV, the picture as SVG and PNG."""

from __future__ import annotations

import csv
import importlib.util
import math
import re
from pathlib import Path

import numpy as np

from core.errors import FinetuiError
from core.runs import layout
from tui.charts.curve import Curve
from tui.charts.figure import Figure, Line
from tui.charts.source import Sign

INCHES = (8.0, 4.5)
DPI = 150
MARKS: dict[Sign, tuple[str, str]] = {
    "saved": ("s", "0.6"),
    "evaluated": ("d", "0.6"),
    "evaluated, saved": ("s", "0.3"),
    "command": ("^", "C3"),
    "learning rate": ("v", "C3"),
}
"""The sign and the colour of what happened, in matplotlib's words."""
LINES = ("-", "--", ":", "-.")


def write(run: Path, metric: str, title: str, figure: Figure) -> Path:
    """Write `charts/<metric>.csv`, `.svg` and `.png` into the run's folder; returns their path without the ending.

    Raises:
        FinetuiError: the folder cannot be written; or matplotlib is absent, and only the CSV was written.
    """
    folder = run / layout.CHARTS
    base = folder / re.sub(r"[^\w.-]+", "_", metric)
    try:
        folder.mkdir(exist_ok=True)
        _write_csv(base.with_name(base.name + ".csv"), figure)
        if importlib.util.find_spec("matplotlib") is None:
            raise FinetuiError(
                "matplotlib is not installed: no picture, only the values were written",
                f"{base}.csv",
                "install it: pip install 'finetui[charts]'",
            )
        _draw(base, title, figure)
    except OSError as error:
        raise FinetuiError("cannot write the chart", f"{folder}: {error.strerror}", "free the folder") from None
    return base


def _write_csv(path: Path, figure: Figure) -> None:
    """Every value, none left out: run, metric, step, epoch, unix seconds, value."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["run", "metric", "step", "epoch", "time", "value"])
        for line in figure.lines:
            series = line.source.run.state.series[line.metric]
            count = len(series.values)  # a run that trains goes on meanwhile
            columns = (series.steps[:count], series.epochs[:count], series.times[:count], series.values[:count])
            name = line.source.run.path.name
            table.writerows((name, line.metric, *row) for row in zip(*columns, strict=True))


def _draw(base: Path, title: str, figure: Figure) -> None:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=INCHES, layout="constrained")
    axes = canvas.add_subplot()
    for place, line in enumerate(figure.lines):
        color, dash = f"C{line.style}", LINES[place % len(LINES)]
        curve = line.curve
        if line.dotted and len(curve.x) < 100:
            axes.plot(curve.x, _shown(figure, curve, curve.mid), color=color, marker="D", label=_label(line))
            continue
        if figure.smoothing or len(curve.x) > 1000:
            low, high = (_shown(figure, curve, part) for part in (curve.low, curve.high))
            axes.fill_between(curve.x, low, high, color=color, alpha=0.3, linewidth=0)
        middle = _shown(figure, curve, curve.mid)
        axes.plot(curve.x, middle, dash, color=color, linewidth=1.2, label=_label(line))
    named: set[Sign] = set()
    for mark in figure.marks:
        sign, color = MARKS[mark.sign]
        axes.plot(
            [mark.x], [0], sign, color=color, markersize=4, transform=axes.get_xaxis_transform(), clip_on=False,
            label=None if mark.sign in named else mark.sign,
        )  # fmt: skip
        named.add(mark.sign)
    if figure.log:
        axes.set_yscale("log")
    axes.set_xlabel({"time": "seconds"}.get(figure.axis, figure.axis))
    runs = dict.fromkeys(line.source.name for line in figure.lines)
    axes.set_title(" · ".join([title, *runs] if len(runs) == 1 else [title]), parse_math=False)
    axes.grid(alpha=0.3)
    axes.legend()
    for ending in ("svg", "png"):
        canvas.savefig(base.with_name(f"{base.name}.{ending}"), dpi=DPI)


def _label(line: Line) -> str:
    # A dollar would begin a formula, an underscore would keep the line out of the legend.
    return line.title.replace("$", r"\$").lstrip("_") or line.metric


def _shown(figure: Figure, curve: Curve, part: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    """Back from exponents, with gaps."""
    found = np.where(np.isfinite(curve.mid), part, math.nan)
    return 10.0**found if figure.log else found
