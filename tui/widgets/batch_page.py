"""A batch: its tensors one by one, how much of each is padding, and what grouping by length would save."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui import inspection_words as words
from tui.text import visible
from tui.widgets.tensor_grid import TensorGrid

if TYPE_CHECKING:
    from core.inspection.batch import Batch


class BatchPage(Vertical):
    """Shows nothing before the first `show`."""

    DEFAULT_CSS = """
    BatchPage {
        height: 1fr;
        & Static { padding: 0 1; }
        & #batch-about { height: auto; max-height: 2; }
        & #batch-padding { height: auto; max-height: 2; color: $text-muted; }
        & #batch-tensors { height: auto; max-height: 6; }
        & #batch-pane { height: 1fr; }
        & #batch-cell { height: 2; color: $text-muted; padding: 0 2; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._batch: Batch | None = None
        self._piece: Callable[[int], str] = str
        self._tensor = 0

    def compose(self) -> ComposeResult:
        yield Static(id="batch-about")
        yield Static(id="batch-padding")
        yield Static(id="batch-tensors")
        with Vertical(id="batch-pane", classes="pane"):
            yield TensorGrid(id="grid")
        yield Static(id="batch-cell")

    @property
    def grid(self) -> TensorGrid:
        return self.query_one(TensorGrid)

    def show(self, batch: Batch, piece: Callable[[int], str]) -> None:
        """Show a batch; the tensor that was looked at is looked at again."""
        self._batch, self._piece = batch, piece
        self._tensor = min(self._tensor, len(batch.tensors) - 1)
        self.query_one("#batch-about", Static).update(Content(words.batch(batch)))
        self._draw()

    def say_padding(self, text: str) -> None:
        self.query_one("#batch-padding", Static).update(Content(visible(text)))

    def next_tensor(self) -> None:
        if self._batch is not None and self._batch.tensors:
            self._tensor = (self._tensor + 1) % len(self._batch.tensors)
            self._draw()

    def _draw(self) -> None:
        assert self._batch is not None
        lines = [
            Content.styled(f"▸ {words.tensor(tensor)}", "bold $primary")
            if index == self._tensor
            else Content(f"  {words.tensor(tensor)}")
            for index, tensor in enumerate(self._batch.tensors)
        ]
        self.query_one("#batch-tensors", Static).update(Content("\n").join(lines))
        if not self._batch.tensors:
            return
        tensor = self._batch.tensors[self._tensor]
        self.query_one("#batch-pane").border_title = Content(visible(tensor.name))
        legend = "· padding" if tensor.filled else ""
        self.query_one("#batch-pane").border_subtitle = Content(legend)
        places = [self._batch.place(tensor, index) for index in range(tensor.shape[0] if tensor.shape else 0)]
        self.grid.show(tensor, [words.batch_row(*place) for place in places if place is not None])

    def on_tensor_grid_moved(self, event: TensorGrid.Moved) -> None:
        event.stop()
        if self._batch is None or not self._batch.tensors:
            return
        tensor = self._batch.tensors[self._tensor]
        row, column = self.grid.cursor
        said = []
        place = self._batch.place(tensor, row)
        if place is not None:
            cut = ", cut" if place[0] in self._batch.truncated else ""
            which = f", {visible(place[1])}" if place[1] else ""
            said.append(f"row {place[0]:,} of {visible(self._batch.split)}{which}{cut}")
        if len(tensor.shape) > 1:
            said.append(f"position {column}")
            said += [
                f"{visible(other.name)} {self._said(other.values[row][column])}"
                for other in self._batch.tensors
                if other.shape == tensor.shape and row < len(other.values)
            ]
            if self.grid.is_padding(row, column):
                said.append("padding")
        ids = next((item for item in self._batch.tensors if item.name == "input_ids"), None)
        if ids is not None and ids.shape == tensor.shape:
            said.insert(1, visible(self._piece(ids.values[row][column])))
        self.query_one("#batch-cell", Static).update(Content(" · ".join(said)), layout=False)

    @staticmethod
    def _said(value: object) -> str:
        return f"{value:g}" if isinstance(value, float) else f"{value}"
