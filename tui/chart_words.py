"""What stands around a chart in words: its title, its legend with the values, where the configs of its runs differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style

from core.runs.compare import written as value_written
from tui.apart import apart
from tui.charts.drawn import DASHES
from tui.charts.figure import LETTERS, SIGNS, Figure, Line, written
from tui.text import one_line
from tui.widgets.chart import POINT

if TYPE_CHECKING:
    from tui.charts.source import Reading, Sign

Styles = Callable[[str], Style]
"""From the name of one of the chart's component classes, without `chart--`."""
NAME_CELLS = 24


def options(figure: Figure) -> str:
    """How the curves are drawn."""
    parts = [f"by {figure.axis}"]
    if figure.log:
        parts.append("log scale")
    if figure.smoothing:
        parts.append(f"smoothed over {100 * figure.smoothing:g} %")
    return " · ".join(parts)


def legend(
    figure: Figure, place: tuple[float, float] | None, styles: Styles, width: int, signs: Collection[Sign]
) -> Content:
    """Each line with its sign and a value: the latest, or what stands at the cursor; then what `signs` mean."""
    readings = [_read(figure, line, place, first=not at) for at, line in enumerate(figure.lines)]
    where = readings[0].x if place is not None and readings and readings[0] else None
    entries = [
        _entry(figure, line, reading, where, styles) for line, reading in zip(figure.lines, readings, strict=True)
    ]
    if where is not None:
        entries.insert(0, Content.styled(written(figure.axis, where), "bold"))
    rows = _wrapped(entries, width)
    marks = _marks(signs, styles)
    if marks and rows and rows[-1].cell_length + marks.cell_length + 3 <= width:
        rows[-1] = Content.assemble(rows[-1], " " * (width - rows[-1].cell_length - marks.cell_length), marks)
    elif marks:
        rows.append(marks)
    return Content("\n").join(rows)


def differences(differing: dict[str, list[object]], width: int, wide: bool) -> Content:
    """The keys of the configs that differ, with the value of each run by its letter.

    Args:
        width: cells of a line.
        wide: whether each value has a line of its own.
    """
    if not differing:
        return Content("the configs are equal")
    keys = max(map(len, differing))
    several = max(map(len, differing.values()))
    cells_each = width - 4 if wide else max(3, (width - keys - 2) // several - 5)
    lines: list[Content] = []
    for key, values in differing.items():
        cells = [
            Content.assemble((LETTERS[place % len(LETTERS)], "bold"), f" {value}")
            for place, value in enumerate(apart([value_written(value) for value in values], cells_each))
        ]
        name = Content.styled(one_line(key), "$text-muted")
        if wide:
            lines += [name, *(Content.assemble("  ", cell) for cell in cells)]
        else:
            lines.append(Content.assemble(name, " " * (keys - len(key) + 2), Content("   ").join(cells)))
    return Content("\n").join(lines)


def _read(figure: Figure, line: Line, place: tuple[float, float] | None, first: bool) -> Reading | None:
    """The latest value, or that at the cursor: for the first line the nearest, for others none that came later."""
    if place is None:
        return line.source.read(line.metric, figure.axis, figure.x[1], figure.x[1])
    return line.source.read(line.metric, figure.axis, *place, before=not first)


def _entry(figure: Figure, line: Line, reading: Reading | None, where: float | None, styles: Styles) -> Content:
    """Args: where: the place of the first line's value; what stands elsewhere says so. None: there is no cursor."""
    style = styles(f"line-{line.style}")
    sign = f"{line.letter} {_sample(line)}" if line.letter else (POINT if line.dotted else "⠒⠒")
    bad, below = line.source.bad(line.metric)
    worries = [f"{bad:,} NaN"] if bad else []
    if figure.log and below:
        worries.append(f"{below:,} not above 0")
    return Content.assemble(
        (sign, style),
        f" {one_line(line.title, NAME_CELLS)} ",
        (_value(figure, reading, latest=where is None), "bold"),
        f" at {written(figure.axis, reading.x)}" if reading and where is not None and not reading.count else "",
        (f"  {', '.join(worries)}", styles("bad")) if worries else "",
    )


def _sample(line: Line) -> str:
    """A piece of the line, with its dashes."""
    on, off = DASHES[line.style % len(DASHES)]
    columns = [column % (on + off) < on for column in range(6)]
    return "".join(
        {(True, True): "⠒", (True, False): "⠂", (False, True): "⠐", (False, False): " "}[columns[at], columns[at + 1]]
        for at in (0, 2, 4)
    )


def _value(figure: Figure, reading: Reading | None, latest: bool) -> str:
    if reading is None:
        return "none yet"
    value = figure.write(reading.value)
    if latest or reading.count < 2:
        return value
    return f"{value} ({figure.write(reading.low)} to {figure.write(reading.high)})"


def _marks(there: Collection[Sign], styles: Styles) -> Content:
    parts = [
        Content.assemble((char, styles("rate" if sign in ("learning rate", "command") else "mark")), f" {sign}")
        for sign, char in SIGNS.items()
        if sign in there
    ]
    return Content("  ").join(parts)


def _wrapped(entries: Sequence[Content], width: int) -> list[Content]:
    """As many beside each other as fit."""
    rows: list[Content] = []
    for entry in entries:
        if rows and rows[-1].cell_length + entry.cell_length + 3 <= width:
            rows[-1] = Content.assemble(rows[-1], "   ", entry)
        else:
            rows.append(entry)
    return rows
