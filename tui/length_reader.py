"""How the rows of a split are measured: in the tokens of the chosen tokenizer, else in characters. For a thread."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from tui import guess, warm_up

if TYPE_CHECKING:
    from datasets import Dataset

    from core.data.browse import Browser
    from core.data.statistics import Measure
    from core.tasks.base import Task


def measure(browser: Browser, split: str, rows: Dataset, model: str, described: Mapping[str, Any]) -> Measure:
    """The measure under a model; an empty name means that none is chosen.

    Args:
        rows: of the split those that are measured.
        described: plain data of the config on the form; its task and columns count where it means the same data.

    Raises:
        FinetuiError: there is no such tokenizer.
    """
    from core.data import statistics

    if not model:
        return statistics.in_characters(rows)
    warm_up.wait()
    from core import models, tokens
    from core.config import ModelConfig

    tokenizer = tokens.load_tokenizer(model)
    limit = described.get("data", {}).get("max_length")
    with contextlib.suppress(FinetuiError):  # the form says what is wrong with it
        limit = models.max_length(limit, tokenizer, models.load_config(ModelConfig(id=model), tokenizer))
    task, why_not = _task(browser, split, model, described, tokenizer)
    if task is None:
        return statistics.in_tokens(rows, tokenizer, limit, why_not)
    return statistics.of_task(rows, tokenizer, task, limit)


def _task(
    browser: Browser, split: str, model: str, described: Mapping[str, Any], tokenizer: Any
) -> tuple[Task | None, str]:
    """The first task that fits this split, or why there is none."""
    from core import config_file, tasks

    why_not = ""
    for plain in guess.configs(browser, model, described, tokenizer):
        try:
            config = config_file.validate(plain)
            train = config.data.train_split if config.data.train_split in browser.splits else split
            task = tasks.create(config, browser.rows(train), None)
        except FinetuiError as error:
            why_not = why_not or error.title
            continue
        missing = [column for column in task.columns.values() if column not in browser.rows(split).column_names]
        if not missing:
            return task, ""
        why_not = why_not or f"split {split} has no column {missing[0]}"
    return None, why_not
