"""Rows and texts under one tokenizer, as a task makes them into the model's input."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core import models, tokens
from core.config import ModelConfig
from core.errors import FinetuiError
from core.inspection import view
from core.inspection.recording import Recorder
from core.inspection.view import TokenView

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.tasks.base import Task


class Lens:
    """A tokenizer with a task, or alone. Its methods may be called from any thread.

    Attributes:
        name: of the model, for people.
        task: whose `encode` makes the rows; None where no task fits the data, and a row is its first text.
        max_length: tokens per element, None for as many as there are.
    """

    def __init__(
        self, name: str, tokenizer: PreTrainedTokenizerBase, task: Task | None, max_length: int | None
    ) -> None:
        self.name = name
        self.task = task
        self.max_length = max_length
        self._recorder = Recorder.of(tokenizer)
        self._lock = threading.Lock()

    @classmethod
    def of_model(cls, ref: str, task: Task | None, wanted: int | None) -> Lens:
        """A task under the tokenizer of another model, cut where that model cuts.

        Raises:
            FinetuiError: there is no such tokenizer.
        """
        model = ModelConfig(id=ref)
        tokenizer = models.load_tokenizer(model)
        try:
            length = models.max_length(wanted, tokenizer, models.load_config(model, tokenizer))
        except FinetuiError:  # a tokenizer may come without a model
            length = wanted
        return cls(model.label, tokenizer, task, length)

    def piece(self, token: int) -> str:
        """A token as people can read it."""
        return tokens.piece(self._recorder.tokenizer, token)

    def text(self, text: str, pair: str | None = None) -> TokenView:
        """The tokens of a typed text or pair, untruncated, special tokens included."""
        with self._lock, self._recorder.listening() as heard:
            return view.of_text(self._recorder.tokenizer, heard, text, pair)

    def row(self, example: Mapping[str, Any]) -> list[TokenView]:
        """What the model gets of a row of the data: one element, or several where the row is cut into windows.

        Raises:
            FinetuiError: the task cannot make anything of the row.
        """
        if self.task is None:
            column = next((name for name, value in example.items() if isinstance(value, str)), None)
            if column is None:
                title = "no column of this row is text"
                raise FinetuiError(title, ", ".join(example), "choose the columns in Configure (F3)")
            return [self.text(example[column])]
        with self._lock:
            try:
                return self._encode(self.task, example)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                title = "the task cannot make an input of this row"
                detail = f"{type(error).__name__}: {error}".splitlines()[0]
                raise FinetuiError(title, detail, "look at its columns and its label") from error

    def _encode(self, task: Task, example: Mapping[str, Any]) -> list[TokenView]:
        tokenizer = self._recorder.tokenizer
        batch = {column: [example[column]] for column in sorted(set(task.columns.values()) & set(example))}
        whole: dict[str, list[Any]] = task.encode(batch, tokenizer, None) if self.max_length is not None else {}
        with self._recorder.listening() as heard:
            encoded = task.encode(batch, tokenizer, self.max_length)
            elements, uncut = _sequences(task, encoded), _sequences(task, whole)
            if not elements:
                raise FinetuiError("the task skips this row", "nothing of it is learned", "look at what is in it")
            if len(uncut) != len(elements):  # nothing was cut, or the row is there as a whole, in windows
                uncut = elements
            return [
                view.of_element(
                    tokenizer,
                    {name: value for name, value in element.items() if name not in task.kept_back},
                    heard,
                    task.label_view(element, tokenizer),
                    truncated=_cut(uncut[index], element),
                    truncated_target=element.get("target_cut", 0),
                    window=index,
                    windows=len(elements),
                )
                for index, element in enumerate(elements)
            ]


def _sequences(task: Task, encoded: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """What goes through the model of what became of one row."""
    count = len(next(iter(encoded.values()), []))
    elements = ({name: values[index] for name, values in encoded.items()} for index in range(count))
    return [sequence for element in elements for sequence in task.sequences(element)]


def _cut(whole: dict[str, Any], kept: dict[str, Any]) -> int:
    """How many of its tokens are not there."""
    return max(0, len(whole["input_ids"]) - len(kept["input_ids"]))
