"""The failures a person can act on."""

from __future__ import annotations


class FinetuiError(Exception):
    """A failure with a remedy: what went wrong, where, and what to do about it.

    Anything else that is raised is a defect; it keeps its traceback in the log.

    Args:
        title: what went wrong, one line.
        detail: where: the file and line, the column, the row, the argument.
        hint: what to do.
        key: the config key at fault, where there is one: `training.learning_rate`. A form finds its field by it, the
            command line its file and line.
    """

    exit_code = 2
    """What the command line exits with: 2 for wrong usage, config or data."""

    def __init__(self, title: str, detail: str = "", hint: str = "", *, key: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.detail = detail
        self.hint = hint
        self.key = key

    def lines(self) -> list[str]:
        """The non-empty ones of what, where, and what to do."""
        return [line for line in (self.title, self.detail, self.hint) if line]

    def __str__(self) -> str:
        return "\n".join(self.lines())


class BadRows(FinetuiError):
    """Rows that no run can train on.

    Args:
        code: the word of the pre-flight for it.
        rows: all of them, counted in the split from 0.
    """

    def __init__(self, code: str, split: str, rows: list[int], title: str, detail: str, hint: str) -> None:
        super().__init__(title, detail, hint)
        self.code = code
        self.split = split
        self.rows = rows


class BadRow(FinetuiError):
    """A row that cannot be read as what its task needs.

    Args:
        row: its index in what was read; `at` gives it the number that a person knows it by.
    """

    def __init__(self, row: int, error: FinetuiError, where: str = "") -> None:
        super().__init__(f"{where}{error.title}", error.detail, error.hint, key=error.key)
        self.row = row
        self.reason = error

    def at(self, row: int, split: str, more: str = "") -> BadRow:
        """The same with its number in a split, counted from 0; `more`: where else it stands."""
        return BadRow(row, self.reason, f"row {row} of {split}{more}: ")


class NeedsTrust(FinetuiError):
    """The model brings Python code of its own, and nobody said that it may run."""


class RunFailure(FinetuiError):
    """A failure after a good start: memory or disk ran out, the loss became NaN. The command line exits with 1."""

    exit_code = 1


class RunStopped(Exception):
    """Raised inside the engine when a Stop command arrives before training has begun."""


def first_line(error: BaseException | str) -> str:
    """The first line of what was said that is not empty; else what kind of error it is."""
    lines = (line.strip() for line in str(error).splitlines())
    return next(filter(None, lines), "" if isinstance(error, str) else type(error).__name__)
