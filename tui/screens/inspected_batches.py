"""The batches of a run, and what padding costs it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import work

from core.errors import FinetuiError
from tui import inspection_words as words
from tui.screens.inspected import InspectedScreen
from tui.text import visible
from tui.widgets.batch_page import BatchPage

if TYPE_CHECKING:
    from core.inspection.batch import Batch
    from core.inspection.batches import Batches
    from core.inspection.padding import Padding
    from tui.token_reader import TokenReader

FEW = 2000
"""Rows whose padding is counted unasked: a moment's work."""


class Left(Exception):
    """Nobody waits any more for what is being counted."""


class InspectedBatchesScreen(InspectedScreen):
    """The part of the inspector that shows one batch."""

    def __init__(self, reader: TokenReader, split: str) -> None:
        super().__init__(reader, split)
        self._batches: Batches | None = None
        self._batch = 0
        self._counted = False
        self._counting = False

    def on_unmount(self) -> None:
        self._counting = False

    @work(exclusive=True, group="batch")
    async def read_batch(self) -> None:
        """Show the batch; with the first one count the padding of the epoch, unless that takes long or a run trains."""
        self.status.busy = f"collating batch {self._batch:,}"
        try:
            batch = await asyncio.to_thread(self._collate, self._batch)
        except FinetuiError as error:
            self._batch = max(0, self._batch - 1)
            self.finetui.show_error(error)
            return
        finally:
            self.status.busy = ""
        assert self._reader.inspector is not None
        self.status.text = f"{visible(batch.split)} · {visible(self._reader.lens.name)} · {words.batch_short(batch)}"
        piece = self._reader.lens.piece
        self.query_one(BatchPage).show(batch, piece)
        if not self._counted:
            self._counted = True
            if self._batches is not None and self._batches.total <= FEW and self.finetui.live is None:
                self.count_padding()
            else:
                self.query_one(BatchPage).say_padding("P counts the padding of the epoch")

    def _collate(self, number: int) -> Batch:
        if self._batches is None:
            self._batches = self._reader.batches(self._split)
        return self._batches.read(number)

    @work(exclusive=True, group="padding")
    async def count_padding(self) -> None:
        """Say what padding costs over the whole split, once all of it is tokenized."""
        page = self.query_one(BatchPage)
        page.say_padding("counting the padding of the epoch (Esc stops)")
        self._counting = True
        try:
            found = await asyncio.to_thread(self._count)
        except (Left, FinetuiError):
            if self.is_attached:
                page.say_padding("P counts the padding of the epoch")
            return
        finally:
            self._counting = False
        page.say_padding(words.padding(found))

    def _count(self) -> Padding:
        batches = self._reader.batches(self._split)
        total = batches.total

        def progress(done: int) -> None:
            if not self._counting:
                raise Left
            if done % 2000 == 0:
                self.app.call_later(self._say_counting, done, total)

        return batches.padding(progress)

    def _say_counting(self, done: int, total: int) -> None:
        if self.is_attached and self._counting:
            said = f"counting the padding of the epoch: {done:,} of {total:,} rows (Esc stops)"
            self.query_one(BatchPage).say_padding(said)

    def action_padding(self) -> None:
        """Count the padding of the epoch."""
        if not self._counting:
            self.count_padding()

    def action_tensor(self) -> None:
        """Show the next tensor of the batch."""
        self.query_one(BatchPage).next_tensor()
