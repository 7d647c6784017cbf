"""A few steps of the task's own Trainer before the first one counts: whether memory suffices, how long a step takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

import torch
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback

from core.errors import RunStopped
from core.training import arguments, trainer
from core.training.preflight.untouched import untouched

if TYPE_CHECKING:
    from core.training.prepare import Checked, Prepared

LONGEST = 2
"""Steps on the longest batch: from the second on the optimizer has its state."""
TYPICAL = 3
"""Steps on a typical batch, for the time."""
PATIENCE = 10.0
"""Seconds after which no further step is begun, once one has been timed."""
OFF: dict[str, Any] = {
    "auto_find_batch_size": False,
    "dataloader_num_workers": 0,
    "eval_on_start": False,
    "eval_strategy": "no",
    "gradient_accumulation_steps": 1,
    "load_best_model_at_end": False,
    "logging_strategy": "no",
    "push_to_hub": False,
    "save_strategy": "no",
    "train_sampling_strategy": "sequential",
}
"""What of a training has no place in a trial."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How it went.

    Attributes:
        seconds: of a step on a typical batch, forward, backward and the optimizer's; None where none was timed.
        peak: bytes of tensors on the device at the most; None on the CPU, where nobody counts them.
        failure: what was said when memory ran out; None where it sufficed.
    """

    seconds: float | None = None
    peak: int | None = None
    failure: str | None = None


def run(
    checked: Checked,
    prepared: Prepared,
    longest: list[dict[str, Any]],
    typical: list[dict[str, Any]] | None = None,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> Trial:
    """Train on the longest batch, then on a typical one, and leave the model as it was.

    The random numbers that the steps draw, their gradients, the optimizer and its state are gone afterwards: the run
    that follows has the losses that it would have had.

    Args:
        prepared: its data is not used.
        tick: called before each step with the steps done and the steps there will be. It may raise RunStopped.
    """
    rows = longest * LONGEST + (typical or []) * TYPICAL
    steps = LONGEST + (TYPICAL if typical else 0)
    changed = checked.config.training.model_copy(
        update={**OFF, "max_steps": steps, "per_device_train_batch_size": len(longest)}
    )
    settings = arguments.build(
        checked.config.model_copy(update={"training": changed}), Path(gettempdir()) / "finetui-trial", checked.precision
    )
    clock = _Clock(tick, steps)
    cuda = settings.device.type == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    with untouched(prepared.model):
        failure = _train(replace(prepared, train=Dataset.from_list(rows), evaluation=None), settings, clock)
    if clock.stopped:
        raise RunStopped
    peak = torch.cuda.max_memory_allocated() if cuda else None
    if cuda:
        torch.cuda.empty_cache()
    timed = clock.seconds[LONGEST:] or clock.seconds[1:]
    return Trial(median(timed) if timed else None, peak, failure)


def _train(prepared: Prepared, settings: Any, clock: _Clock) -> str | None:
    """What was said when memory ran out, if it did. The trainer and all that it made are gone afterwards."""
    from core.training.failures import is_out_of_memory

    trying = prepared.task.trainer_class()(**trainer.keywords(prepared, settings), callbacks=[clock])
    trying.remove_callback(PrinterCallback)
    try:
        trying.train()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return (str(error).splitlines() or ["out of memory"])[0]
    finally:
        # Its autocast wraps the model's forward; that of the run would wrap it once more.
        trying.accelerator.unwrap_model(prepared.model, keep_fp32_wrapper=False)
        trying.accelerator.free_memory()
    return None


class _Clock(TrainerCallback):
    """The seconds of each step, and the way out.

    Attributes:
        stopped: nobody wants the trial any more.
    """

    def __init__(self, tick: Callable[[int, int], None], steps: int) -> None:
        self.seconds: list[float] = []
        self.stopped = False
        self._tick = tick
        self._steps = steps
        self._first = self._begun = time.perf_counter()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._first = time.perf_counter()

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._look(control)
        self._begun = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if args.device.type == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        self.seconds.append(now - self._begun)
        if len(self.seconds) >= LONGEST and now - self._first > PATIENCE:
            control.should_training_stop = True
        self._look(control)

    def _look(self, control: Any) -> None:
        try:
            self._tick(len(self.seconds), self._steps)
        except RunStopped:
            self.stopped = control.should_training_stop = True
