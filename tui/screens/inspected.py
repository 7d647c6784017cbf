"""What the parts of the inspector share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.screens.base import FinetuiScreen
from tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from tui.token_reader import TokenReader


class InspectedScreen(FinetuiScreen):
    """A screen on data as the model gets it.

    Args:
        reader: what is inspected.
        split: which of its splits.
    """

    def __init__(self, reader: TokenReader, split: str) -> None:
        super().__init__()
        self._reader = reader
        self._split = split
        self._page = "tokens"

    @property
    def status(self) -> StatusLine:
        return self.query_one(StatusLine)
