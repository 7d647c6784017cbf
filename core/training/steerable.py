"""What a run needs of whatever runs its steps: the Trainer of its task, or the loop of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from transformers import TrainerState, TrainingArguments

    from core.tasks.scoring import Scoring
    from core.training.throughput import Throughput
    from core.training.time_shares import TimeShares


class Steerable(Protocol):
    """Runs the steps and calls the hooks of RunCallback, which reports and steers by what stands here.

    Attributes:
        times: what this thread spends its time on.
        throughput: what the batches hold.
        bad_loss: the last loss that was not finite since somebody put None here; only where looking is free, on the
            CPU. On a device it would make every step wait: there the next log shows it.
        takes_shares: whether the batches of a step count by their share of its labels; None before that is known, and
            where no batches are accumulated.
        stop_arrived: whether somebody told the run to stop; looked at between the tokens that an evaluation writes.
        scoring: what computes the metrics, where it is ours.
    """

    args: TrainingArguments
    state: TrainerState
    model: Any
    optimizer: Any
    lr_scheduler: Any
    accelerator: Any
    eval_dataset: Any
    is_in_train: bool
    times: TimeShares
    throughput: Throughput
    bad_loss: float | None
    stop_arrived: Callable[[], bool]

    @property
    def summed_loss(self) -> float:
        """The losses of the steps since the last log, added up. On a device it waits for it."""

    @property
    def takes_shares(self) -> bool | None: ...

    @property
    def scoring(self) -> Scoring | None: ...

    def train(self, resume_from_checkpoint: str | None = None) -> Any:
        """Run all steps, from a checkpoint on where one is named."""

    def evaluate(self) -> dict[str, float]:
        """Score the model on the evaluation split; raises EvaluationStopped."""

    def save_model(self, output_dir: str) -> None:
        """Write model or adapter, and tokenizer."""

    def count_tokens(self) -> None:
        """Bring `state.num_input_tokens_seen` up to date."""

    def save_now(self) -> None:
        """Write a checkpoint between two steps."""

    def evaluate_now(self) -> None:
        """Evaluate between two steps; a Stop ends it without a result."""
