"""`finetui inspect`: what the model gets of a row, of a text, or of a whole batch."""

from __future__ import annotations

import json as json_lib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from core.errors import FinetuiError
from tui import inspection_words as words
from tui import terminal
from tui.shell import named_config
from tui.shell.errors import DONE, located
from tui.shell.log import log_file
from tui.shell.streams import Streams
from tui.shell.summary import print_table
from tui.text import visible

if TYPE_CHECKING:
    from core.inspection.batch import Batch, Tensor
    from core.inspection.inspector import Inspector
    from core.inspection.view import TokenView

COLOURS = (34, 32, 33, 35)
"""Of tokens that follow one another, in the terminal's own sixteen."""
DIM, BOLD = 2, 1
SEPARATOR = "│"


def inspect(
    file: Path, settings: list[str], split: str | None, row: int | None, batch: int | None, text: str | None, json: bool
) -> int:
    """Print the first row of the train split, or what is asked for. Returns the exit code."""
    if sum(item is not None for item in (row, batch, text)) > 1:
        raise FinetuiError("--row, --batch and --text do not go together", "finetui inspect", "give one of them")
    loaded = named_config.load(file, settings)
    streams = Streams.take()
    with terminal.output_to(log_file()):
        from core.inspection.inspector import Inspector

        try:
            inspector = Inspector(loaded.config)
            chosen = split or inspector.checked.config.data.train_split
            if batch is not None:
                found: Any = inspector.batches(chosen).read(batch)
            elif text is not None:
                first, _, pair = text.partition("\t")
                found = [inspector.lens.text(first, pair or None)]
            else:
                found = inspector.row(chosen, row or 0)
        except FinetuiError as error:
            raise located(error, loaded) from None
    if json:
        print(json_lib.dumps(_plain(inspector, chosen, row, text, found), ensure_ascii=False), file=streams.out)
    else:
        paper = Paper(streams)
        if batch is not None:
            paper.batch(found, inspector)
        else:
            place = "typed text" if text is not None else f"{visible(chosen)} row {row or 0:,} of"
            place += "" if text is not None else f" {inspector.splits[chosen]:,}"
            paper.row(found, place, inspector)
    streams.out.flush()
    return DONE


def _plain(inspector: Inspector, split: str, row: int | None, text: str | None, found: Any) -> dict[str, Any]:
    task = {"task": inspector.checked.config.task, "columns": inspector.checked.task.columns}
    if not isinstance(found, list):
        return {**task, **found.to_dict()}
    place = {"text": text} if text is not None else {"split": split, "row": row or 0}
    return {**task, **place, "elements": [view.to_dict() for view in found]}


class Paper:
    """Plain lines; colours on a terminal alone."""

    def __init__(self, streams: Streams) -> None:
        self._out = streams.out
        self._coloured = streams.out.isatty()
        self._width = shutil.get_terminal_size((100, 24)).columns

    def row(self, views: list[TokenView], place: str, inspector: Inspector) -> None:
        """A row, element by element: its texts, its tokens in a strip, then one position a line."""
        print(f"{place} · {visible(inspector.lens.name)}\n{visible(inspector.note)}", file=self._out)
        for view in views:
            print(f"\n{words.counts(view)}", file=self._out)
            if view.loss.row or view.loss.tokens or view.loss.target or view.extra:
                print(words.loss(view), file=self._out)
            if view.ending:
                print(visible(view.ending), file=self._out)
            for number, text in enumerate(view.texts, 1):
                print(f"text {number}: {visible(text)}", file=self._out)
            print(file=self._out)
            for line in self._strip(view):
                print(line, file=self._out)
            print(file=self._out)
            columns = words.columns(view)
            lines = [list(cells) for cells in zip(*columns.values(), strict=True)]
            print_table(self._out, list(columns), lines, right=[name for name in columns if name in ("#", "id")])
            if view.target:
                learned = SEPARATOR.join(visible(piece) or "·" for piece in view.target)
                print(f"\ndecoder's target: {learned}", file=self._out)

    def batch(self, view: Batch, inspector: Inspector) -> None:
        """A batch: what it is, then its tensors."""
        place = f"{visible(view.split)} batch {view.number:,} of {view.per_epoch:,} per epoch"
        print(f"{place} · {words.batch(view)}", file=self._out)
        print(f"{visible(inspector.note)}\nrows: {', '.join(map(str, view.rows))}", file=self._out)
        if view.truncated:
            print(f"cut: {', '.join(map(str, view.truncated))}", file=self._out)
        for tensor in view.tensors:
            print(f"\n{words.tensor(tensor)}", file=self._out)
            for line in self._numbers(tensor):
                print(line, file=self._out)

    def _strip(self, view: TokenView) -> Iterator[str]:
        """The tokens, as many on a line as fit; what the loss leaves out is dim."""
        line, used = "", 0
        for position, piece in enumerate(words.pieces(view)):
            width = cell_len(piece) + 1
            if used and used + width > self._width:
                yield line
                line, used = "", 0
            masked = bool(view.loss.tokens) and view.answer(position) is None
            code = DIM if masked else BOLD if view.special[position] else COLOURS[position % len(COLOURS)]
            line += self._paint(piece, code) + SEPARATOR
            used += width
        if line:
            yield line

    def _numbers(self, tensor: Tensor) -> Iterator[str]:
        """One row of the tensor a line; on a terminal as much of it as fits."""
        rows = tensor.values if len(tensor.shape) > 1 else [tensor.values]
        cells = [[f"{value:g}" if isinstance(value, float) else str(value) for value in row] for row in rows]
        width = max((len(cell) for row in cells for cell in row), default=1)
        for row in cells:
            line = " ".join(f"{cell:>{width}}" for cell in row)
            fits = not self._coloured or len(line) <= self._width
            yield line if fits else line[: self._width - 1] + "…"

    def _paint(self, text: str, code: int) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._coloured else text
