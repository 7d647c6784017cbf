"""Prompts that run into their completion: nothing says where the answer begins."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from core.tasks.causal_lm import CausalLM
from core.training.preflight.findings import Finding, rows_of
from core.training.prepare import ENCODE_BATCH

if TYPE_CHECKING:
    from datasets import Dataset

    from core.tasks.base import Task

MARKS = ":\uff1a#]}"
"""Ends of a prompt that announce an answer, besides white space and symbols (`=`, `>`, `|`)."""
SHOWN = 12
"""Characters of the example on each side of the seam."""
HINT = "end each prompt in a space, a newline or a mark such as `Answer:`, and what is typed later too"


def look(task: Task, split: str, rows: Dataset, tick: Callable[[int, int], None]) -> list[Finding]:
    """Rows of a causal LM whose prompt ends in a word or a sentence that the completion goes on without a space.

    The two are tokenized as one text, so the tokens at the seam may not be those of a prompt typed on its own.
    """
    if type(task) is not CausalLM or "prompt" not in task.columns:  # a chat template separates by itself
        return []
    names = [task.columns["prompt"], task.columns["completion"]]
    view = rows.select_columns(names)
    found: list[int] = []
    example = ""
    for begin in range(0, len(rows), ENCODE_BATCH):
        part = view[begin : begin + ENCODE_BATCH]
        pairs: Sequence[tuple[str, str]] = [
            (str(prompt or ""), str(completion or ""))
            for prompt, completion in zip(part[names[0]], part[names[1]], strict=True)
        ]
        glued = [row for row, (prompt, completion) in enumerate(pairs) if _runs_on(prompt, completion)]
        if glued and not found:
            prompt, completion = pairs[glued[0]]
            example = f"{prompt[-SHOWN:]}{completion[:SHOWN]}"
        found += [begin + row for row in glued]
        tick(min(begin + ENCODE_BATCH, len(rows)), len(rows))
    if not found:
        return []
    verb = "has" if len(found) == 1 else "have"
    message = (
        f"{rows_of(len(found), len(rows))} {verb} nothing between prompt and completion, as in row {found[0]}: "
        f"{example!r}"
    )
    return [Finding("no_separator", "warning", split, len(found), message, HINT, found)]


def _runs_on(prompt: str, completion: str) -> bool:
    if not prompt.strip() or not completion.strip():
        return False  # said as empty
    last = prompt[-1]
    return not (last.isspace() or completion[0].isspace() or last in MARKS or unicodedata.category(last)[0] == "S")
