"""Which metrics the Monitor shows, in which order, and under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from tui.figures import number, own, size

Extreme = Literal["low", "high"]


@dataclass(frozen=True, slots=True)
class Metric:
    """What a card is about.

    Attributes:
        name: in the run's events.
        extreme: which end of the values is worth a look: the lowest loss, the highest accuracy.
        kind: the CSS class that colours it: loss, score, or nothing.
    """

    name: str
    title: str
    extreme: Extreme | None = None
    kind: str = ""
    write: Callable[[float], str] = number


FIRST = (Metric("loss", "train loss", "low", "loss"), Metric("eval_loss", "eval loss", "low", "loss"))
LAST = (
    Metric("learning_rate", "learning rate"),
    Metric("grad_norm", "grad norm", "high"),
    Metric("samples_per_second", "samples/s"),
)
MEMORY = Metric("process_memory", "process memory", "high", write=size)
GPU_MEMORY = Metric("gpu_memory", "GPU memory", "high", write=size)
OF_PREFERENCES = ("rewards/accuracies", "rewards/margins")
"""What says whether preferences are learned; TRL logs eight figures more, in any order."""
FROM_THE_START = ("loss", "learning_rate", "grad_norm", "samples_per_second")
LOWER_IS_BETTER = ("loss", "perplexity", "mse", "mae", "rmse", "wer", "cer", "ter")


def shown(known: Iterable[str]) -> list[Metric]:
    """The cards of a run that has these metrics: the losses, what preferences and evaluations gave, then how the
    training went."""
    names = own(dict.fromkeys(known, 0.0)).keys()
    fixed = {metric.name for metric in (*FIRST, *LAST, MEMORY, GPU_MEMORY)}
    rewards = [Metric(name, name, "high", "score") for name in OF_PREFERENCES if name in names]
    fixed |= {metric.name for metric in rewards}
    scores = [_score(name) for name in names if name.startswith("eval_") and name not in fixed]
    scores.sort(key=lambda score: score.name.removeprefix("eval_") not in OF_PREFERENCES)
    others = [Metric(name, name) for name in names if not name.startswith("eval_") and name not in fixed]
    memory = GPU_MEMORY if "gpu_memory" in names else MEMORY
    return [
        *(metric for metric in FIRST if metric.name in FROM_THE_START or metric.name in names),
        *rewards,
        *scores,
        *LAST,
        memory,
        *others,
    ]


def _score(name: str) -> Metric:
    title = name.removeprefix("eval_").replace("_", " ")
    lower = any(name.endswith(word) for word in LOWER_IS_BETTER)
    return Metric(name, title, "low" if lower else "high", "loss" if lower else "score")
