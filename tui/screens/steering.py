"""The keys that steer a run: what it can be told now, and the telling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import commands
from tui.screens.base import FinetuiScreen

if TYPE_CHECKING:
    from tui.follow import RunFollower


class SteeringScreen(FinetuiScreen):
    """A screen on one run, told by keys. A command is pending until the run says that it took it."""

    def __init__(self) -> None:
        super().__init__()
        self.run: RunFollower | None = None

    def told(self) -> None:
        """The run was told something, which can be shown."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the run can be told now is a key."""
        run = self.run
        if action in ("pause", "resume"):
            return run is not None and run.takes_commands and run.will_pause == (action == "resume")
        if action in ("save", "evaluate", "sample", "halve_rate", "double_rate"):
            return run is not None and run.takes_commands
        if action == "stop":
            return run is not None and run.takes_stop
        return super().check_action(action, parameters)

    def action_pause(self) -> None:
        self.tell(commands.Pause())

    def action_resume(self) -> None:
        self.tell(commands.Resume())

    def action_save(self) -> None:
        self.tell(commands.Save())

    def action_evaluate(self) -> None:
        self.tell(commands.Evaluate())

    def action_sample(self) -> None:
        from tui.screens.sample_dialogs import AskDialog

        samples = self.run.state.samples if self.run is not None else []
        pair = bool(samples) and any("pair" in sample for sample in samples[-1].samples)
        self.app.push_screen(AskDialog(pair), self._asked)

    def _asked(self, command: commands.Sample | None) -> None:
        if command is not None:
            self.tell(command)

    def action_halve_rate(self) -> None:
        self.tell(commands.ScaleLearningRate(0.5))

    def action_double_rate(self) -> None:
        self.tell(commands.ScaleLearningRate(2.0))

    def action_stop(self) -> None:
        from tui.screens.dialogs import ConfirmDialog

        def answered(answer: str | None) -> None:
            if answer == "yes":
                self.tell(commands.Stop())

        line = "It finishes its step, saves a checkpoint and ends. What it learned so far is kept."
        if self.run is not None and self.run.state.training is None:
            line = "It has not begun to train: it ends at once, and there is nothing to keep."
        self.app.push_screen(ConfirmDialog("Stop this run?", line, "Stop it"), answered)

    def tell(self, command: commands.Command) -> None:
        if self.run is not None:
            self.run.tell(command)
            self.told()
