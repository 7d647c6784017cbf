"""Empty texts, and texts that stand twice: within a split, and in the split to evaluate on and the one to train on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.data import duplicates
from core.training.preflight.findings import Finding, rows_of
from core.training.prepare import ENCODE_BATCH

if TYPE_CHECKING:
    from datasets import Dataset

    from core.tasks.base import Task

ANSWERS = ("label", "labels", "tags", "answers")
"""Roles that are no input: an empty one means something, and equal ones are no duplicates."""
MAY_BE_EMPTY = ("input", "system", "history")
"""Roles of which a row needs nothing: an instruction without an input is whole."""
CONTENTS = ("content", "value", "text")
"""Keys under which a turn of a conversation has its text."""

LINES = "nothing to mend where rows are lines of running text; drop them where rows are whole documents"
"""What to do about packed rows that stand twice."""


def inputs(task: Task, rows: Dataset) -> dict[str, str]:
    """role -> column of what the model reads (and, of a language model, writes)."""
    return {
        role: column for role, column in task.columns.items() if role not in ANSWERS and column in rows.column_names
    }


def empty(task: Task, split: str, rows: Dataset, tick: Callable[[int, int], None]) -> list[Finding]:
    """Rows with nothing but white space, or nothing at all, in a column that the model reads."""
    columns = [column for role, column in inputs(task, rows).items() if role not in MAY_BE_EMPTY]
    found: list[int] = []
    where: dict[str, int] = {}
    view = rows.select_columns(columns)
    for begin in range(0, len(rows), ENCODE_BATCH):
        part: Mapping[str, Sequence[Any]] = view[begin : begin + ENCODE_BATCH]
        blank = {name: [row for row, value in enumerate(part[name]) if _is_blank(value)] for name in columns}
        for name, at in blank.items():
            if at:
                where[name] = where.get(name, 0) + len(at)
        found += sorted({begin + row for at in blank.values() for row in at})
        tick(min(begin + ENCODE_BATCH, len(rows)), len(rows))
    if not found:
        return []
    names = ", ".join(f"`{name}`" + (f" ({count})" if len(where) > 1 else "") for name, count in where.items())
    message = f"{rows_of(len(found))} {'has' if len(found) == 1 else 'have'} nothing in {names}"
    if task.packs:
        return [Finding("empty_text", "info", split, len(found), f"{message}: packing passes over them", "", found)]
    return [Finding("empty_text", "warning", split, len(found), message, "drop or fill them", found)]


def repeated(task: Task, split: str, rows: Dataset, tick: Callable[[int, int], None]) -> list[Finding]:
    """Rows whose inputs all stand in an earlier row of the split."""
    found = duplicates.duplicates(rows, list(inputs(task, rows).values()), tick)
    if not found:
        return []
    message = f"{rows_of(len(found))} repeat{'s' if len(found) == 1 else ''} an earlier row"
    if task.packs:
        return [Finding("duplicate", "info", split, len(found), message, LINES, found)]
    return [
        Finding("duplicate", "warning", split, len(found), message, "drop them, or mean it: they count twice", found)
    ]


def leaked(
    task: Task, split: str, train: Dataset, evaluation: Dataset, tick: Callable[[int, int], None]
) -> list[Finding]:
    """Rows of the split to evaluate on whose inputs stand in the split to train on."""
    found = duplicates.overlap(train, evaluation, list(inputs(task, train).values()), tick)
    if not found:
        return []
    share = len(found) / len(evaluation)
    verb = "stands" if len(found) == 1 else "stand"
    message = f"{rows_of(len(found), len(evaluation))} ({share:.1%}) {verb} in the train split too"
    if task.packs:
        return [Finding("overlap", "info", split, len(found), message, LINES, found)]
    hint = "take them out of one of the two: the evaluation would praise what was learned by heart"
    return [Finding("overlap", "warning", split, len(found), message, hint, found)]


def _is_blank(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Mapping):
        texts = [value[key] for key in CONTENTS if key in value]
        return bool(texts) and all(map(_is_blank, texts))
    if isinstance(value, (list, tuple)):
        return all(map(_is_blank, value))
    return False
