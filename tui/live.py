"""The run that trains in this process, as the app sees it: its thread, how it stands, how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from core import events
from core.runs.reader import RunReader

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui.training_thread import TrainingThread


class LiveRun:
    """One run of this process.

    Args:
        from_form: whether the form on the screen started it, and so still has its values.
    """

    SIGNS: ClassVar[dict[bool, str]] = {False: "●", True: "‖"}

    def __init__(self, thread: TrainingThread, from_form: bool) -> None:
        self.thread = thread
        self.from_form = from_form
        self.timer: Timer | None = None
        self._reader = RunReader(thread.folder.path, thread.folder.events_size())
        self._note = "● starting"

    @property
    def name(self) -> str:
        return self.thread.folder.path.name

    def note(self) -> str:
        """How the run stands, in a few characters; empty when it is over."""
        for event in self._reader.read():
            if isinstance(event, events.PhaseChanged):
                self._note = f"● {event.phase}"
            elif isinstance(event, events.Progress) and event.phase == "training" and event.total:
                self._note = f"{self.SIGNS[event.paused]} {100 * event.done // event.total} %"
        return self._note if self.thread.is_alive() else ""

    @property
    def failure(self) -> events.RunFailed | None:
        """What went wrong, if the run is over and something did."""
        outcome = self.thread.outcome
        return outcome if isinstance(outcome, events.RunFailed) else None

    @property
    def ending(self) -> str:
        """How the run ended, in one line."""
        return ending(self.thread.outcome)


def ending(outcome: events.RunFinished | events.RunFailed | None) -> str:
    """How a run ended, in one line."""
    if isinstance(outcome, events.RunFinished):
        figures = ", ".join(f"{name} {value:.4g}" for name, value in outcome.metrics.items())
        return " · ".join(part for part in (outcome.reason.replace("_", " "), figures) if part)
    return f"failed: {outcome.title}" if outcome is not None else "ended"
