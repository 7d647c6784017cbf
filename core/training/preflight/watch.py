"""How a person follows a pre-flight and breaks it off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import RunStopped


@dataclass(frozen=True, slots=True)
class Watch:
    """Called from the thread that checks.

    Attributes:
        progress: gets what is done now, how far it is, how far it will go (0: nobody knows), and in what unit.
        stopped: whether nobody wants the report any more.
    """

    progress: Callable[[str, int, int, str], None] = lambda what, done, total, unit: None
    stopped: Callable[[], bool] = lambda: False

    def at(self, what: str, done: int = 0, total: int = 0, unit: str = "row") -> None:
        """Say how far it is.

        Raises:
            RunStopped: nobody wants to know.
        """
        if self.stopped():
            raise RunStopped
        self.progress(what, done, total, unit)

    def over(self, what: str) -> Callable[[int, int], None]:
        """The same for a pass over rows: called with the rows done and the rows in all."""
        return lambda done, total: self.at(what, done, total)
