"""What the learning curves show while a run trains: each finding as soon as there is evidence, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.events import Advice
from core.runs.series import Series
from core.training.diagnosis import KINDS, VERDICTS, Finding, diagnose
from core.training.diagnosis.answers import OF_ANSWERS, one_class
from core.training.diagnosis.curves import ABSURD_LM_LOSS
from core.training.diagnosis.trouble import BEYOND

SECONDS = 5.0
"""Between two looks at the curves where no evaluation asks for one: a look costs milliseconds."""
GONE_AFTER = 3
"""Looks without a finding after which it is withdrawn; a verdict goes at once where another takes its place, or where
an evaluation speaks against it."""
AGAIN = 0.02
"""Between evaluations what stands is said again, with newer figures, after this share of the planned steps."""
READ = ("loss", "learning_rate", "eval_loss", "eval_accuracy", "eval_perplexity")
"""What is kept of the log."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has changed.

    Attributes:
        new: what has not been said yet, the gravest last.
        again: what stands, with newer figures.
        gone: the kinds that are withdrawn.
    """

    new: list[Finding] = field(default_factory=list)
    again: list[Finding] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Standing:
    """A finding that was said: in which words, at which step, and how many looks have passed without it."""

    sentence: str
    step: int
    absent: int = 0


class Advisor:
    """Reads the Trainer's log, which a resumed run has from its first step on.

    Args:
        cross_entropy: whether the loss is one; None: the metrics of the first evaluation tell.
        now: seconds from any start; tests bring their own.
        choices: classes or tokens that the loss chooses from; None: not known.

    Attributes:
        untrained: the loss of the first step; None before it, and in a run that was taken up later.
    """

    def __init__(
        self,
        cross_entropy: bool | None = None,
        now: Callable[[], float] = time.monotonic,
        choices: int | None = None,
    ) -> None:
        self._cross_entropy, self._choices = cross_entropy, choices
        self.untrained: float | None = None
        self._now = now
        self._looked = now()
        self._series: dict[str, Series] = {}
        self._read = 0
        self._standing: dict[str, _Standing] = {}
        self._of_answers: Finding | None = None
        self._answered = False

    def look(self, log: Sequence[Mapping[str, Any]], total_steps: int, at_once: bool = False) -> Seen:
        """What the curves show now, against what was said before.

        Args:
            log: the Trainer's `log_history`; only what was added to it since the last look is read.
            at_once: look even if the last look was a moment ago: after an evaluation, or when the loss is not finite.
        """
        evaluations = self._evaluations
        leapt = self._take(log)
        evaluated = self._evaluations > evaluations
        if not (at_once or leapt or evaluated) and self._now() - self._looked < SECONDS:
            return Seen()
        found = diagnose(self._series, total_steps, self._cross_entropy, self._choices, self.untrained)
        if self._of_answers is not None and "nan" not in {finding.kind for finding in found}:
            found.append(self._of_answers)  # of weights that are no numbers every answer is the same anyhow
        self._looked = self._now()
        step = max((one.steps[-1] for one in self._series.values()), default=0)
        return self._compare(found, step, total_steps, evaluated)

    def carry_on(self, stands: Iterable[Advice]) -> None:
        """Go on with what stood when the run ended that is resumed: it is not said as if it were new.

        A kind that this version does not know (another one began the run) is left as it stands.
        """
        for said in stands:
            if said.kind in KINDS:
                self._standing[said.kind] = _Standing(said.message, said.step or 0)

    def take_loss(self, step: int, loss: float) -> None:
        """A loss that the log does not have yet."""
        self._put("loss", step, loss)

    def take_classes(self, step: int, classes: Mapping[str, Any]) -> None:
        """What an evaluation counted for each class, the fields of a `ClassesCounted`: before it is looked at."""
        was = self._of_answers
        counts = (classes["labels"], classes["support"], classes["predicted"])
        found = one_class(step, *counts) if classes["classes"] == len(classes["labels"]) else None
        if found is not None and was is not None:
            found = replace(found, step=was.step)
        self._of_answers, self._answered = found, True

    @property
    def _evaluations(self) -> int:
        return len(self._series["eval_loss"].steps) if "eval_loss" in self._series else 0

    def _compare(self, found: Sequence[Finding], step: int, total_steps: int, evaluated: bool) -> Seen:
        seen = Seen()
        for finding in reversed(found):
            standing = self._standing.get(finding.kind)
            if standing is None:
                seen.new.append(finding)
                self._standing[finding.kind] = _Standing(finding.sentence, step)
                continue
            standing.absent = 0
            late = evaluated or step - standing.step >= AGAIN * total_steps or step >= total_steps
            if late and finding.sentence != standing.sentence:
                seen.again.append(finding)
                standing.sentence, standing.step = finding.sentence, step
        present = {finding.kind for finding in found}
        replaced = VERDICTS if present & VERDICTS else frozenset[str]()
        for kind in self._standing.keys() - present:
            if kind in OF_ANSWERS and not self._answered:  # said before the run was resumed
                continue
            self._standing[kind].absent += 1
            refuted = kind in replaced or (evaluated and kind in VERDICTS) or kind in OF_ANSWERS
            if refuted or self._standing[kind].absent >= GONE_AFTER:
                del self._standing[kind]
                seen.gone.append(kind)
        return seen

    def _take(self, log: Sequence[Mapping[str, Any]]) -> bool:
        """Read what was added. True where a loss is among it that cannot wait for the next look."""
        leapt = False
        for entry in log[self._read :]:
            for name in READ:
                if name in entry:
                    self._put(name, int(entry["step"]), float(entry[name]))
                    leapt = leapt or (name == "loss" and self._leaps(float(entry[name])))
        self._read = len(log)
        return leapt

    def _leaps(self, loss: float) -> bool:
        if not {"rate_too_high", "diverging"}.isdisjoint(self._standing):
            return False
        beyond = loss >= BEYOND * self._series["loss"].values[0] > 0
        return beyond or (self._cross_entropy is True and loss > ABSURD_LM_LOSS)

    def _put(self, name: str, step: int, value: float) -> None:
        self._series.setdefault(name, Series()).append(step, epoch=0.0, time=0.0, value=value)  # no rule asks for them
