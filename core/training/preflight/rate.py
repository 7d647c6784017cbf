"""Whether the learning rate is one that the optimizer is used with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.training.preflight.findings import Finding

if TYPE_CHECKING:
    from core.config import RunConfig

HIGHEST = 0.01
"""Of weights that were trained before: ten times what small models are tuned with. A step of Adam moves each weight by
about the rate, and those of a transformer lie around 0.02 (BERT's and GPT-2's `initializer_range`)."""
HIGHEST_OF_ADAPTERS = 0.3
"""Of weights that begin new: what prompt tuning was published with (Lester et al., 2021)."""


def look(config: RunConfig) -> list[Finding]:
    """A warning at a rate far above what Adam is used with, and at none; other optimizers have other scales."""
    rate, kind = config.training.learning_rate, config.method.kind
    optimizer = str(getattr(config.training, "optim", "adamw")).lower()
    if rate == 0:
        message, hint = "the learning rate is 0: nothing is learned", "set training.learning_rate"
    elif "adam" in optimizer and rate > (highest := HIGHEST if kind in ("full", "freeze") else HIGHEST_OF_ADAPTERS):
        message = f"the learning rate is {rate:g}: with AdamW and method {kind}, {highest:g} is very high already"
        hint = "5e-5 to 5e-4 is common for all weights, 1e-4 to 1e-2 for adapters"
    else:
        return []
    return [Finding("unusual_rate", "warning", "", 0, message, hint)]
