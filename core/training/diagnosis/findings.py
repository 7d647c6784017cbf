"""What a diagnosis can say: the kinds, how grave each is, and what to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that learning curves can show.

    Attributes:
        title: what it is called on the screen.
        hint: what to try, whether the run still trains or is over.
        now: what to do while it trains; empty where it may go on.
    """

    title: str
    severity: Severity
    hint: str
    now: str = ""

    @property
    def live_hint(self) -> str:
        """What to do and to try while it trains."""
        return "; ".join(part for part in (self.now, self.hint) if part)


KINDS: dict[str, Kind] = {
    "nan": Kind(
        "NaN",
        "error",
        "lower the learning rate, clip the gradients (max_grad_norm), or train in float32",
        "stop: while the loss is no number nothing is learnt",
    ),
    "diverging": Kind(
        "diverging",
        "error",
        "go back to the last good checkpoint, and lower the learning rate; clip the gradients",
        "stop",
    ),
    "rate_too_high": Kind(
        "learning rate too high", "error", "divide the learning rate by 10, or warm it up over the first steps"
    ),
    "rate_too_low": Kind("learning rate too low", "warning", "multiply the learning rate by 10 or more"),
    "overfitting": Kind(
        "overfitting",
        "warning",
        "stop early (early_stopping, load_best_model_at_end), regularise (weight decay, dropout), get more data, "
        "or take a smaller model",
    ),
    "underfitting": Kind(
        "underfitting",
        "warning",
        "take a larger model, unfreeze more of it, or a higher rate for longer; look whether inputs and labels belong "
        "together",
    ),
    "gap": Kind(
        "gap between training and evaluation",
        "warning",
        "regularise, get more data, and look whether both splits come from the same source",
    ),
    "plateau": Kind(
        "plateau", "warning", "try another learning rate or a larger model; where this level is good enough, stop here"
    ),
    "one_class": Kind(
        "every answer is the same class",
        "warning",
        "the accuracy is the share of that class: look at F1; train on, try another learning rate, or weigh the "
        "classes where the loss does not yet (class_weights: balanced, or in a loss of your own)",
    ),
    "unstable": Kind("unstable", "warning", "take a larger batch (or accumulate gradients), lower the rate, clip"),
    "spike": Kind("spike", "warning", "look at the rows of that batch; clip the gradients (max_grad_norm)"),
    "converged": Kind("converged", "info", "", "stop here: more of the same steps will change little"),
    "accuracy_flat": Kind(
        "accuracy stands still while the loss falls",
        "info",
        "this is normal: the loss counts how sure each answer is, accuracy only which side it falls on",
    ),
    "learning": Kind("learning", "info", "", "go on"),
}
"""By the fixed word that stands in events and files; the gravest first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind, seen in the curves of a run.

    Attributes:
        kind: a key of KINDS.
        step: where it began.
        message: the figures that say so, without the title of the kind.
    """

    kind: str
    step: int
    message: str

    @property
    def severity(self) -> Severity:
        return KINDS[self.kind].severity

    @property
    def sentence(self) -> str:
        """What it is and the figures that say so."""
        return f"{KINDS[self.kind].title}: {self.message}"

    def hint(self, live: bool) -> str:
        """What to try; with what to do now where the run still trains."""
        kind = KINDS[self.kind]
        return kind.live_hint if live else kind.hint


def figure(value: float) -> str:
    """A number in a sentence: three digits that count."""
    return f"{value:.3g}"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %" if abs(share) >= 0.1 else f"{100 * share:.2g} %"
