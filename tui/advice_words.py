"""What advice says to people, on the Monitor and in the shell: the finding, and apart from it what to try."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.training.diagnosis import KINDS
from tui.text import one_line

if TYPE_CHECKING:
    from core.events import Advice, Level
    from core.runs.picture import Withdrawn
    from core.runs.state import RunState

SIGNS: dict[Level, str] = {"info": "", "warning": "! ", "error": "✗ "}
TRY = "→ "
"""Before what to do."""


def gravest(state: RunState) -> Advice | None:
    """Of all that stands what matters most; kinds of a newer version come last."""
    order = {kind: at for at, kind in enumerate(KINDS)}
    return min(state.advice.values(), key=lambda said: order.get(said.kind, len(order)), default=None)


def hint(said: Advice, live: bool) -> str:
    """What to try; of a run that is over nothing that only helps while it trains."""
    known = KINDS.get(said.kind)
    return one_line(said.hint if live or known is None else known.hint)


def no_number(state: RunState) -> str:
    """That and since when the loss of a run is NaN or infinite, at its end; empty where it is a number."""
    said = state.advice.get("nan")
    loss = state.latest("loss")
    if said is None or (loss is not None and math.isfinite(loss)):
        return ""
    return one_line(said.message.removeprefix(f"{KINDS['nan'].title}: "))


def withdrawals(taken_back: Iterable[Withdrawn]) -> list[str]:
    """What was said on the way and stands no longer: a line each, with its steps."""
    return [
        f"step {one.said.step or 0}: {one_line(one.said.message)} (withdrawn at step {one.step})" for one in taken_back
    ]
