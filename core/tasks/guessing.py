"""Which task data is for, told by the names of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from core.config import TaskName
from core.tasks import PLACES, task_class


def fitting_task(columns: Sequence[str]) -> TaskName | None:
    """The task of which the most required roles are among the columns by name; None where no task has two of them all.

    Imports the tasks' modules: not for the event loop.
    """
    names = {column.lower() for column in columns}
    best, most = None, 1
    for task in PLACES:
        required = [role for role in task_class(task).roles if role.required]
        if len(required) > most and all(names & {guess.lower() for guess in role.guesses} for role in required):
            best, most = task, len(required)
    return best
