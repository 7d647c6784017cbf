"""What training makes of a row of the dataset that is looked at. Loads libraries and data: for a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.data.browse import Browser
    from core.tasks.base import Task
    from core.tokens import TokenView


@dataclass(frozen=True)
class Reading:
    """The tokens of a row, and how they came about, in a line for people."""

    view: TokenView
    note: str


class TokenReader:
    """Reads rows of one dataset under one tokenizer, the task bound once.

    Args:
        described: plain data of the config on the form; its task and columns count where it means the same data.

    Raises:
        FinetuiError: there is no such tokenizer.
    """

    def __init__(self, browser: Browser, model: str, described: Mapping[str, Any]) -> None:
        from core import models, tokens
        from core.config import ModelConfig

        self.model = model
        self.described = described
        self._browser = browser
        self._tokenizer: PreTrainedTokenizerBase = tokens.load_tokenizer(model)
        self._task, self._why_not = _task(browser, described)
        wanted = described.get("data", {}).get("max_length")
        try:
            architecture = models.load_config(ModelConfig(id=model), self._tokenizer)
        except FinetuiError:
            self._max_length = wanted
        else:
            self._max_length = models.max_length(wanted, self._tokenizer, architecture)

    def read(self, split: str, index: int) -> Reading:
        """The tokens of a row: as the task gives them to the model, or where no task fits, those of its first text.

        Raises:
            FinetuiError: there is no text in the row.
        """
        from core import tokens

        example = self._browser.raw(split, index)
        if self._task is not None:
            view = tokens.rows(self._task, self._tokenizer, example, self._max_length)
            roles = ", ".join(f"{role} = {column}" for role, column in self._task.columns.items())
            return Reading(view, f"as the model gets it: {roles}")
        column = next((name for name, value in example.items() if isinstance(value, str)), None)
        if column is None:
            raise FinetuiError("no column of this row is text", self._why_not, "choose the columns in Configure (F3)")
        return Reading(
            tokens.encode_text(self._tokenizer, example[column]), f"the text of {column} alone: {self._why_not}"
        )


def _task(browser: Browser, described: Mapping[str, Any]) -> tuple[Task | None, str]:
    """The task that a run on this data has, or why there is none."""
    from core import config_file, tasks
    from core.data import sources

    data = browser.data.model_dump(mode="json", exclude_unset=True)
    on_form = described.get("data", {})
    same = all(on_form.get(key) == data.get(key) for key in ("id", "files", "subset"))
    try:
        config = config_file.validate(
            {
                "model": {"id": "any"},
                "task": described.get("task", "sequence-classification"),
                "data": on_form if same else data,
            }
        )
        splits = sources.load(config.data)
        train, evaluation = sources.splits(config.data, splits)
        return tasks.create(config, splits[train], splits[evaluation] if evaluation else None), ""
    except FinetuiError as error:
        return None, error.title
