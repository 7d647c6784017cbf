"""How a run stands: a sign, a word and a colour each. The word alone says it all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.runs.state import Status


@dataclass(frozen=True, slots=True)
class Look:
    """A status on the screen. `color` is a variable of the theme."""

    sign: str
    word: str
    color: str

    @property
    def text(self) -> str:
        return f"{self.sign} {self.word}"


LOOKS: dict[Status, Look] = {
    "waiting": Look("○", "waiting", "$text-muted"),
    "running": Look("●", "running", "$success"),
    "paused": Look("‖", "paused", "$warning"),
    "completed": Look("✓", "completed", "$success"),
    "early_stopped": Look("✓", "early stop", "$success"),
    "stopped": Look("■", "stopped", "$warning"),
    "failed": Look("✗", "failed", "$error"),
    "crashed": Look("✗", "crashed", "$error"),
}
