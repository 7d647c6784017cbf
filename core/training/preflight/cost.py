"""What a run will cost: steps, memory, time; and whether its largest batch fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.training import arguments
from core.training.failures import LESS_MEMORY
from core.training.preflight import batches, steps
from core.training.preflight.findings import Finding
from core.training.preflight.room import Room

if TYPE_CHECKING:
    from core.models import Anew
    from core.training.preflight.estimate import Memory
    from core.training.preflight.tokens import Seen
    from core.training.preflight.trial import Trial
    from core.training.preflight.watch import Watch
    from core.training.prepare import Checked

TRIAL = "a trial of the longest batch"


def look(checked: Checked, seen: dict[str, Seen], watch: Watch, trial: bool) -> tuple[list[Finding], dict[str, Any]]:
    """What speaks against the start, and the figures by name.

    Args:
        seen: split -> what the pass over it showed.
        trial: load the model and run a few steps, where memory will do as far as one can know.
    """
    watch.at("estimating memory")
    train = seen[checked.config.data.train_split]
    held = seen.get(checked.config.data.eval_split or "")
    settings = arguments.of_a_trial(checked.config, checked.precision)
    counted = steps.count(settings, len(train.lengths), len(held.lengths) if held is not None else 0)
    figures = {
        "train_rows": len(checked.train),
        "eval_rows": len(checked.evaluation) if checked.evaluation is not None else 0,
        "steps": counted.total,
        "steps_per_epoch": counted.per_epoch,
        "warmup_steps": counted.warmup,
        "evaluations": counted.evaluations,
        "longest_row_tokens": max(item.longest for item in seen.values()),
        "precision": str(checked.precision),
        "device": checked.precision.device,
    }
    size = settings.train_batch_size
    longest = batches.elements(checked, checked.train, train, batches.longest(train.lengths, size))
    memory = _memory(checked, settings, longest)
    figures |= _memory_figures(memory)
    room = Room.of(checked.precision.device)
    figures |= {"process_bytes": room.process, "memory_free_bytes": room.free}
    found = room.look(memory.total)
    idle = _idle_stopping(checked, counted)
    if not trial or (found and checked.precision.device == "cpu"):  # there a trial would end this process, not raise
        return found + idle, figures
    typical = batches.elements(checked, checked.train, train, batches.typical(train.lengths, size))
    tried, anew = _try(checked, longest, typical, watch)
    found += idle + [_made_anew(checked, note.text) for note in anew if note.unusual]
    if tried.failure is not None:
        return [*found, out_of_memory(checked, longest, tried.failure)], figures
    return found, figures | _trial_figures(tried, settings.gradient_accumulation_steps, counted)


def out_of_memory(checked: Checked, longest: list[dict[str, Any]], failure: str) -> Finding:
    """The finding of a trial that failed."""
    length = max((len(ids) for row in longest for name, ids in row.items() if name.endswith("input_ids")), default=0)
    message = f"the longest batch does not fit: {len(longest)} rows of up to {length:,} tokens ({failure})"
    return Finding("out_of_memory", "error", checked.config.data.train_split, len(longest), message, LESS_MEMORY)


def _idle_stopping(checked: Checked, counted: steps.Steps) -> list[Finding]:
    """Early stopping that ends nothing: the first evaluation sets what the next ones are measured by."""
    stopping = checked.config.early_stopping
    if stopping is None or counted.evaluations > stopping.patience + 1:
        return []
    message = f"early stopping cannot end this run: patience {stopping.patience}, and {counted.evaluations} evaluation"
    message += "s" * (counted.evaluations != 1)
    hint = "evaluate more often (training.eval_steps), train longer, or set a smaller early_stopping.patience"
    return [Finding("early_stopping_idle", "warning", "", 0, message, hint)]


def _made_anew(checked: Checked, what: str) -> Finding:
    hint = f"most likely this is no checkpoint for {checked.config.task}: choose one that has the head, or train long"
    return Finding("new_weights", "warning", "", 0, what, hint)


def _memory(checked: Checked, settings: Any, longest: list[dict[str, Any]]) -> Memory:
    import torch

    from core.training.preflight.estimate import estimate

    batch = checked.task.collator(checked.tokenizer)([dict(element) for element in longest])
    return estimate(checked, settings, {name: t for name, t in batch.items() if isinstance(t, torch.Tensor)})


def _memory_figures(memory: Memory) -> dict[str, Any]:
    parts = {
        "weights": memory.weights,
        "gradients": memory.gradients,
        "optimizer": memory.optimizer,
        "activations": memory.activations,
    }
    figures: dict[str, Any] = {"parameters": memory.parameters, "trainable_parameters": memory.trainable}
    for name, part in parts.items():
        if part is not None:
            figures |= {f"{name}_bytes": part.bytes, f"{name}_dtype": part.dtype}
    if memory.total is None:
        return figures
    return figures | {"heap_bytes": memory.heap, "runtime_bytes": memory.runtime, "memory_bytes": memory.total}


def _try(
    checked: Checked, longest: list[dict[str, Any]], typical: list[dict[str, Any]], watch: Watch
) -> tuple[Trial, list[Anew]]:
    """Load the model as the run will, and take a few steps; and what of the model was made anew."""
    from core import models
    from core.methods.apply import apply
    from core.training import schedule
    from core.training.between_weights import between_weights
    from core.training.preflight import trial
    from core.training.preflight.untouched import random_states
    from core.training.prepare import Prepared

    def loading(done: int, total: int) -> None:
        watch.at("loading the model", done, total, "weight")

    def trying(done: int, total: int) -> None:
        watch.at(TRIAL, done, total, "step")

    watch.at("loading the model")
    with random_states():
        with between_weights(loading):
            model, anew = models.load_model(checked.config.model, checked.task, checked.tokenizer, checked.precision)
        planned = schedule.planned_steps(checked.config.training, len(checked.train))
        model = apply(model, checked.config.method, checked.task.peft_task_type, planned)
        prepared = Prepared(
            checked.task, checked.tokenizer, checked.metric_names, model, checked.train, None, checked.loss
        )
        return trial.run(checked, prepared, longest, typical, trying), anew


def _trial_figures(tried: Trial, accumulation: int, counted: steps.Steps) -> dict[str, Any]:
    """An evaluation's batch is taken to cost a third of a step's: it has no backward pass."""
    figures: dict[str, Any] = {}
    if tried.peak is not None:
        figures["memory_measured_bytes"] = tried.peak
    if tried.seconds is not None:
        step = tried.seconds * accumulation
        figures["seconds_per_step"] = round(step, 4)
        evaluations = counted.evaluations * counted.eval_batches * tried.seconds / 3
        figures["estimated_seconds"] = round(step * counted.total + evaluations, 1)
    return figures
