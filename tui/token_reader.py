"""What there is to inspect: the rows of a run, or those of data that is looked at. Loads libraries: for a thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError
from tui import guess

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.data.browse import Browser
    from core.inspection.batches import Batches
    from core.inspection.inspector import Inspector
    from core.inspection.lens import Lens
    from core.tasks.base import Task


@dataclass(frozen=True)
class TokenReader:
    """Rows under one tokenizer, bound to a task where one fits.

    Attributes:
        splits: name -> rows.
        train: the split that is trained on.
        note: the task and its columns, or why there is none; a line for people.
        raw: (split, row) -> the values of a row.
        inspector: knows the batches; None where no run can be made of the data.
        task: the name of the task; empty where none fits.
    """

    splits: dict[str, int]
    train: str
    note: str
    lens: Lens
    raw: Callable[[str, int], dict[str, Any]] | None
    inspector: Inspector | None
    task: str = ""

    def example(self, split: str, index: int) -> dict[str, Any]:
        """The values of a row."""
        if self.raw is not None:
            return self.raw(split, index)
        assert self.inspector is not None
        return self.inspector.example(split, index)

    def batches(self, split: str) -> Batches:
        """The batches of a split.

        Raises:
            FinetuiError: a run has none of this split.
        """
        if self.inspector is None:
            raise FinetuiError("there are no batches to show", self.note, "choose task and columns in Configure (F3)")
        return self.inspector.batches(split if split in self.inspector.splits else self.train)

    def beside(self, model: str) -> Lens:
        """The same rows under the tokenizer of another model.

        Raises:
            FinetuiError: there is no such tokenizer.
        """
        from core.inspection.lens import Lens

        wanted = self.inspector.wanted_length if self.inspector is not None else None
        return Lens.of_model(model, self.lens.task, wanted)


def of_run(config: RunConfig) -> TokenReader:
    """The rows of a run.

    Raises:
        FinetuiError: the run could not start.
    """
    from core.inspection.inspector import Inspector

    found = Inspector(config)
    return TokenReader(
        found.splits,
        found.checked.config.data.train_split,
        found.note,
        found.lens,
        None,
        found,
        found.checked.config.task,
    )


def of_data(browser: Browser, model: str, described: Mapping[str, Any]) -> TokenReader:
    """The rows of data that is looked at, as a run of a model on it would get them.

    Args:
        described: plain data of the config on the form; it counts where it means the same data. Else the first task
            whose columns are there is taken, the form's own before the others.

    Raises:
        FinetuiError: there is no such tokenizer.
    """
    from core import models
    from core.config import ModelConfig
    from core.inspection.inspector import Inspector
    from core.inspection.lens import Lens

    tokenizer = models.load_tokenizer(ModelConfig(id=model))
    same = guess.means_same(browser, described)
    why_not = ""
    for plain in guess.configs(browser, model, described, tokenizer):
        name = plain["task"]
        try:
            task, config = _bind(plain)
        except FinetuiError as error:
            why_not = why_not or error.title
            continue
        try:
            inspector = Inspector(config)
        except FinetuiError:  # a tokenizer without a model: rows can be shown, batches cannot
            lens = Lens.of_model(model, task, config.data.max_length)
            note = f"{name}: {', '.join(f'{role} = {column}' for role, column in task.columns.items())}"
            return TokenReader(browser.splits, browser.data.train_split, note, lens, browser.raw, None, name)
        note = inspector.note if same else inspector.note.replace(":", " (guessed):", 1)
        train = inspector.checked.config.data.train_split
        return TokenReader(browser.splits, train, note, inspector.lens, browser.raw, inspector, name)
    lens = Lens.of_model(model, None, described["data"].get("max_length") if same else None)
    note = f"the first text of a row, alone: {why_not}"
    return TokenReader(browser.splits, browser.data.train_split, note, lens, browser.raw, None)


def _bind(plain: dict[str, Any]) -> tuple[Task, RunConfig]:
    from core import config_file, tasks
    from core.data import sources

    config = config_file.validate(plain)
    splits = sources.load(config.data)
    train, evaluation = sources.splits(config.data, splits)
    return tasks.create(config, splits[train], splits[evaluation] if evaluation else None), config
