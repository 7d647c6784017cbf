"""What ended a run, in words that a person can act on; the traceback stands beside them."""

from __future__ import annotations

import contextlib
import errno
import time
import traceback

from core.errors import FinetuiError, RunFailure, first_line
from core.events import RunFailed, RunFinished
from core.runs.folder import RunFolder

LESS_MEMORY = (
    "lower per_device_train_batch_size (and raise gradient_accumulation_steps), lower data.max_length, "
    "set activation_checkpointing: true, or use method.kind: lora"
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed, on a device or on the CPU."""
    name = type(error).__name__
    return name == "OutOfMemoryError" or isinstance(error, MemoryError) or "can't allocate memory" in str(error)


def describe(error: Exception, folder: RunFolder) -> RunFailed:
    """The RunFailed of an exception."""
    known = error if isinstance(error, FinetuiError) else _recognize(error)
    text = "".join(traceback.format_exception(error))
    run = str(folder.path)
    if known is None:
        return RunFailed(
            t=time.time(),
            title=f"{type(error).__name__}: {first_line(str(error))}",
            detail=f"{folder.output}",
            hint="this is a defect, of finetui or of a library; the traceback stands in the run's events and log",
            traceback=text,
            run=run,
        )
    return RunFailed(
        t=time.time(),
        title=known.title,
        detail=known.detail,
        hint=known.hint,
        traceback=text,
        exit_code=known.exit_code,
        key=known.key,
        run=run,
    )


def emit_last(folder: RunFolder, outcome: RunFinished | RunFailed) -> None:
    """Write the last event. On a full disk it cannot be written; the caller still has it."""
    with contextlib.suppress(FinetuiError, OSError):
        folder.emit(outcome)


def _recognize(error: Exception) -> FinetuiError | None:
    if is_out_of_memory(error):
        return RunFailure(
            "out of memory",
            first_line(str(error)) or "while training",
            LESS_MEMORY,
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunFailure(
            "the disk is full", str(error.filename or error), "free some space, or set save_total_limit: 1"
        )
    return None
