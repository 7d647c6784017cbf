"""What the model says of each token of a window: of one context that is asked now, and over an evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core import answering
from core.tasks.n_best import Places, Scored

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PLACES = ("context_start", "context_end")
"""The characters of the context of each token: what turns positions back into text, and no input of the model."""
BATCH = 8
"""Windows of one context that are computed together."""


def asked(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, encoded: Mapping[str, Sequence[Any]]
) -> Iterator[Scored]:
    """The windows of one context with the model's output."""
    count = len(encoded["input_ids"])
    for begin in range(0, count, BATCH):
        chosen = range(begin, min(begin + BATCH, count))
        inputs = [
            {name: encoded[name][index] for name in tokenizer.model_input_names if name in encoded} for index in chosen
        ]
        batch = tokenizer.pad(inputs, padding_side="right", return_tensors="pt")
        output = model(**answering.inputs(model, batch))
        for index, first, last in zip(chosen, output.start_logits, output.end_logits, strict=True):
            places = [np.asarray(encoded[name][index]) for name in PLACES]
            length = slice(len(places[0]))
            # NaN would sort first: a model that has diverged answers nothing.
            logits = [np.nan_to_num(side[length].float().cpu().numpy(), nan=-np.inf) for side in (first, last)]
            yield Scored(*logits, *places)


class RowsOfWindows:
    """Puts the windows of an evaluation, which come batch by batch, together to rows again.

    Args:
        encoded: every window in the order in which they come, with `row` and PLACES.
    """

    def __init__(self, encoded: Dataset) -> None:
        self._rows: list[int] = encoded["row"][:]
        self._places = _places(encoded)
        self._held: list[Scored] = []
        self._done = 0

    def add(self, logits: np.ndarray[Any, Any]) -> Iterator[tuple[int, list[Scored]]]:
        """The rows that are complete with this batch, each with all of its windows; the last one's wait for the rest.

        Args:
            logits: [batch, length, 2], of starts and of ends.
        """
        for window in logits:
            first, last = next(self._places)
            self._held.append(Scored(window[: len(first), 0], window[: len(first), 1], first, last))
            row = self._rows[self._done]
            self._done += 1
            if self._done == len(self._rows) or self._rows[self._done] != row:
                yield row, self._held
                self._held = []


def _places(encoded: Dataset) -> Iterator[tuple[Places, Places]]:
    """Of every window: which characters of the context each token stands for."""
    table = encoded.with_format("arrow").select_columns(list(PLACES))
    for batch in table.iter(1000):
        places = [batch[name].combine_chunks() for name in PLACES]
        for starts, ends in zip(*places, strict=True):
            yield starts.values.to_numpy(), ends.values.to_numpy()
