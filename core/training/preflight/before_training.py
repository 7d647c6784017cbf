"""What the engine asks of the pre-flight before the first step: the errors stop it, however it was started."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from core.errors import FinetuiError
from core.methods import adalora, options
from core.tasks.label_view import IGNORED
from core.training import schedule
from core.training.preflight import balance, batches

if TYPE_CHECKING:
    from datasets import Dataset

    from core.training.preflight.findings import Finding
    from core.training.prepare import Checked, Prepared


def refuse(checked: Checked, encoded: Dataset) -> None:
    """Raise what the pre-flight calls an error, as far as rows are concerned. Costs next to nothing: labels are read
    up to the first row that teaches something.

    Raises:
        FinetuiError: the labels are no classes, no row has a token that the loss sees, or AdaLoRA has no step to move
            ranks in: windows and packed blocks are other than rows.
    """
    if checked.config.method.kind == "adalora":
        steps = schedule.planned_steps(checked.config.training, len(encoded))
        adalora.check(options.peft_config(checked.config.method, checked.task.peft_task_type, steps))
    for finding in balance.look(checked.task, checked.config.data.train_split, checked.train):
        if finding.severity == "error":
            raise _as_error(finding)
    labels = encoded.features.get("labels")
    if labels is None or not hasattr(labels, "feature"):
        return
    first = 1 if checked.task.label_view(encoded[0], checked.tokenizer).shifted else 0
    if not any(
        set(row) - {IGNORED} for rows in encoded.select_columns("labels").iter(100) for row in _from(rows, first)
    ):
        title = f"no row of split {checked.config.data.train_split} has a token that the loss sees"
        raise FinetuiError(title, "", "the prompts alone fill data.max_length, or the completions are empty")


def try_longest(checked: Checked, prepared: Prepared, stop_if_told: Callable[[], None]) -> None:
    """Run the longest batch, where the config or the device asks for it. The losses of the run stay what they are.

    Raises:
        FinetuiError: memory does not suffice.
        RunStopped: Stop has arrived.
    """
    wanted = checked.config.trial_batch
    if wanted is False or (wanted is None and checked.precision.device == "cpu"):
        return
    import pyarrow.compute as pc

    from core.training.preflight import cost, trial

    names = [name for name in prepared.train.column_names if name.endswith("input_ids")]
    table = prepared.train.select_columns(names).with_format("arrow")
    lengths = [
        np.concatenate([pc.list_value_length(part[name]).to_numpy() for part in table.iter(10_000)]) for name in names
    ]
    size = checked.config.training.per_device_train_batch_size
    chosen = batches.longest(np.max(lengths, axis=0).astype(np.int32), size)
    back = prepared.task.kept_back
    longest = [{name: value for name, value in prepared.train[index].items() if name not in back} for index in chosen]
    tried = trial.run(checked, prepared, longest, tick=lambda done, total: stop_if_told())
    if tried.failure is not None:
        raise _as_error(cost.out_of_memory(checked, longest, tried.failure))


def _from(rows: dict[str, list[list[int]]], first: int) -> list[list[int]]:
    return [row[first:] for row in rows["labels"]]


def _as_error(finding: Finding) -> FinetuiError:
    return FinetuiError(finding.message, f"split {finding.split}", finding.hint)
