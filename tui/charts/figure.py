"""All that one picture shows, ready to be drawn: by the widget in dots, by matplotlib in a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tui.charts.curve import Curve
from tui.charts.raster import Interval
from tui.charts.source import Axis, Mark, Sign, Source
from tui.figures import duration, number

SIGNS: dict[Sign, str] = {"evaluated": "e", "saved": "s", "evaluated, saved": "*", "command": "!", "learning rate": "r"}
"""What marks what happened; the later ones cover the earlier."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Line:
    """One curve with its name.

    Attributes:
        style: the number of its colour and dashes.
        letter: what tells it from the others where there is no colour; empty: its points are marked, or it is alone.
        dotted: whether each value is marked by a sign of its own.
    """

    source: Source
    metric: str
    title: str
    style: int
    curve: Curve
    letter: str = ""
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """Lines over one x axis. The y limits are exponents of ten where `log` is set."""

    axis: Axis
    log: bool
    smoothing: float
    lines: Sequence[Line] = ()
    marks: Sequence[Mark] = ()
    x: Interval = (0.0, 1.0)
    y: Interval = (0.0, 1.0)
    write: Callable[[float], str] = field(default=number)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be seen: the metric, its companion and `others` (name, title) over the same axes, and how."""

    metric: str
    title: str
    companion: str | None
    companion_title: str
    others: Sequence[tuple[str, str]] = ()
    write: Callable[[float], str] = number
    axis: Axis = "step"
    smoothing: float = 0.0
    log: bool = False


def build(sources: Sequence[Source], wish: Wish) -> Figure:
    """The figure of one run with the metrics that go with the first, or of several runs with one metric.

    What was all read at one place, as the machine is before step 1, goes by time.
    """
    lines = _lines(sources, wish)
    ends = [line.source.last_x(line.metric, wish.axis) for line in lines]
    starts = [float(line.curve.x[0]) for line in lines]
    if wish.axis != "time" and lines and min(starts) == max(ends) and any(len(line.curve.x) > 1 for line in lines):
        return build(sources, replace(wish, axis="time"))
    low = min((float(np.min(_drawable(line.curve, line.curve.low))) for line in lines if _has_any(line)), default=0.0)
    high = max((float(np.max(_drawable(line.curve, line.curve.high))) for line in lines if _has_any(line)), default=1.0)
    return Figure(
        axis=wish.axis,
        log=wish.log,
        smoothing=wish.smoothing,
        lines=lines,
        marks=sources[0].marks(wish.axis) if len(sources) == 1 and lines else (),
        x=(min(starts, default=0.0), max(ends, default=1.0)),
        y=(low, high),
        write=wish.write,
    )


def _lines(sources: Sequence[Source], wish: Wish) -> list[Line]:
    lines = []
    for place, source in enumerate(sources):
        several = len(sources) > 1
        wanted = [(wish.metric, wish.title)]
        if not several and wish.companion is not None:
            wanted.append((wish.companion, wish.companion_title))
        if not several:
            wanted += wish.others
        for at, (metric, title) in enumerate(wanted):
            if wish.axis not in source.axes():
                continue
            found = source.curve(metric, wish.axis, wish.smoothing, wish.log)
            if found is not None:
                style = source.color if several else at
                letter = LETTERS[(place if several else at) % len(LETTERS)] if several or wish.others else ""
                name = source.name if several else title
                lines.append(Line(source, metric, name, style, found, letter, dotted=metric.startswith("eval_")))
    return lines


def written(axis: Axis, x: float) -> str:
    """A place on the x axis, for people."""
    match axis:
        case "time":
            return duration(x)
        case "epoch":
            return f"epoch {x:.3g}"
        case _:
            return f"{axis} {x:,.0f}"


def _has_any(line: Line) -> bool:
    return bool(np.isfinite(line.curve.mid).any())


def _drawable(curve: Curve, part: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    return part[np.isfinite(curve.mid)]
