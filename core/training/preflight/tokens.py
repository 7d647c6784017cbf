"""What the tokenizer and the task make of every row: how long it is, what is cut, what teaches nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.errors import BadRow
from core.tasks.label_view import IGNORED
from core.tasks.lengths import element_lengths
from core.tasks.packing import Parts
from core.training.preflight.findings import Finding, Severity, rows_of
from core.training.prepare import LOOK_ROWS

if TYPE_CHECKING:
    from datasets import Dataset

    from core.training.prepare import Checked

UNKNOWN = 0.01
"""From this share of all tokens on the unknown ones are worth a word: a rare sign is in every corpus."""

Numbers = npt.NDArray[np.int64]


@dataclass(slots=True)
class Seen:
    """What a pass over a split showed; of the token ids nothing is kept.

    Attributes:
        lengths: tokens of each encoded element, int32; 4 bytes a row.
        rows: the row of each element, int64; None where every row is one element.
        cut: the rows that `max_length` shortened; `targets_cut` those whose target was.
        untrained: the rows with no token that the loss sees; empty where labels are not per token.
        ends: how many elements have the end-of-sequence token among what is learned.
        unknown: the rows with tokens that the tokenizer does not know; `unknown_tokens` is how many those are.
        per_token: whether labels are per token.
        unreadable: the rows that the task cannot read, each with the reason; `advice` is what to do about the first.
    """

    lengths: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int64] | None = None
    cut: list[int] = field(default_factory=list)
    targets_cut: list[int] = field(default_factory=list)
    untrained: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    unknown_tokens: int = 0
    ends: int = 0
    per_token: bool = False
    unreadable: dict[int, str] = field(default_factory=dict)
    advice: str = ""

    @property
    def longest(self) -> int:
        return int(self.lengths.max(initial=0))


def look(checked: Checked, rows: Dataset, tick: Callable[[int, int], None]) -> Seen:
    """Encode a split as the run will, a few rows at a time.

    Args:
        tick: called with the rows done and the rows in all.
    """
    columns = sorted(set(checked.task.columns.values()) & set(rows.column_names))
    view = rows.select_columns(columns)
    seen = Seen(np.zeros(0, np.int32))
    lengths: list[npt.NDArray[np.int32]] = []
    owners: list[npt.NDArray[np.int64]] = []
    parts = Parts(checked.task, checked.tokenizer, checked.config.data.max_length)
    for begin in range(0, len(rows), LOOK_ROWS):
        part = view[begin : begin + LOOK_ROWS]
        count = len(part[columns[0]])
        numbers = np.arange(begin, begin + count)
        encoded, part, numbers = _encode(parts, part, numbers, seen)
        for made in (encoded, parts.rest() if begin + count == len(rows) else {}):
            if not made:
                continue
            found = element_lengths(made)
            lengths.append(np.fromiter(found, np.int32, len(found)))
            if "row" in made:  # windows or blocks: a long row is several elements, and nothing of it is lost
                owners.append(np.asarray(made["row"], np.int64))
            else:
                seen.cut += [int(numbers[row]) for row in _cut(checked, part, found)]
            seen.targets_cut += [int(numbers[row]) for row, cut in enumerate(made.get("target_cut", ())) if cut]
            _learned(checked, made, numbers, seen)
            _unknown(checked, made, numbers, seen)
        tick(begin + count, len(rows))
    if lengths:
        seen.lengths = np.concatenate(lengths)
    if owners:
        seen.rows = np.concatenate(owners)
    return seen


def _encode(
    parts: Parts, part: Mapping[str, Any], numbers: Numbers, seen: Seen
) -> tuple[dict[str, list[Any]], Mapping[str, Any], Numbers]:
    """The elements of a part without its unreadable rows, which are noted; that part, and the numbers of its rows."""
    while True:
        try:
            return parts.encode(part, numbers.tolist()), part, numbers
        except BadRow as bad:
            seen.unreadable[int(numbers[bad.row])] = str(bad.reason.title)
            seen.advice = seen.advice or bad.hint
            part = {name: [*values[: bad.row], *values[bad.row + 1 :]] for name, values in part.items()}
            numbers = np.delete(numbers, bad.row)


def findings(checked: Checked, split: str, count: int, seen: Seen, trained_on: bool) -> list[Finding]:
    """What there is to say of it.

    Args:
        count: rows of the split.
        trained_on: whether this is the split to train on.
    """
    found = []
    if seen.unreadable:
        rows = list(seen.unreadable)
        reasons = "; ".join(dict.fromkeys(seen.unreadable.values()))
        message = f"{rows_of(len(rows), count)} cannot be read: {reasons}"
        found.append(Finding("unreadable_row", "error", split, len(rows), message, seen.advice, rows))
    if seen.cut:
        cut, limit = len(seen.cut), checked.config.data.max_length
        message = f"{rows_of(cut, count)} ({cut / count:.1%}) {'is' if cut == 1 else 'are'} cut at {limit} tokens"
        found.append(Finding("truncated", "warning", split, cut, message, "raise data.max_length", seen.cut))
    share = seen.unknown_tokens / max(1, int(seen.lengths.sum()))
    if share >= UNKNOWN:
        unknown = sorted({*seen.unknown})  # a row may be several windows, or texts
        token, many = checked.tokenizer.unk_token, len(unknown)
        message = f"{share:.1%} of the tokens are unknown to the tokenizer ({token}), in {rows_of(many, count)}"
        hint = "the model cannot tell them apart: choose one that knows this language or alphabet"
        found.append(Finding("unknown_token", "warning", split, many, message, hint, unknown))
    if seen.targets_cut:
        cut = len(seen.targets_cut)
        message = f"the target of {rows_of(cut, count)} ({cut / count:.1%}) is cut"
        hint = "the model learns to stop early: raise data.max_target_length, or data.max_length without it"
        found.append(Finding("target_truncated", "warning", split, cut, message, hint, seen.targets_cut))
    if seen.untrained:
        untrained = len(seen.untrained)
        message = f"{rows_of(untrained)} {'has' if untrained == 1 else 'have'} no token that the loss sees"
        hint = "the prompt alone fills data.max_length, or the completion is empty"
        if checked.task.class_role:
            hint = "the tokenizer makes nothing of their words: drop or mend them"
        severity: Severity = "error" if untrained == count else "warning"
        found.append(Finding("no_trained_token", severity, split, untrained, message, hint, seen.untrained))
    if trained_on and checked.task.writes and seen.per_token and not seen.ends and len(seen.lengths):
        eos = checked.tokenizer.eos_token
        message = "the tokenizer has no end-of-sequence token: the model never learns to stop"
        hint = "choose a tokenizer that has one"
        if eos is not None:
            message = f"the end token {eos} is learned in no row: the model never learns to stop"
            hint = "raise data.max_length: the end of every row is cut" if seen.cut else "end the texts with it"
        found.append(Finding("eos_untrained", "warning", split, count, message, hint))
    return found


def _unknown(checked: Checked, encoded: Mapping[str, list[Any]], numbers: Numbers, seen: Seen) -> None:
    """Add the rows of a part that hold the unknown token, where that is one of its own."""
    tokenizer = checked.tokenizer
    unknown = tokenizer.unk_token_id
    if unknown is None or unknown in (tokenizer.eos_token_id, tokenizer.bos_token_id):
        return
    owners = encoded.get("row", numbers)
    for name, rows in encoded.items():
        if name.endswith("input_ids"):
            counts = [ids.count(unknown) for ids in rows]
            seen.unknown_tokens += sum(counts)
            seen.unknown += [int(owner) for owner, count in zip(owners, counts, strict=True) if count]


def _cut(checked: Checked, part: Mapping[str, Any], lengths: list[int]) -> list[int]:
    """The rows of a part that lost tokens. A row of exactly the limit was cut or just fits: only those few are
    tokenized again without it."""
    limit = checked.config.data.max_length
    at = [row for row, length in enumerate(lengths) if length == limit]
    if not at or limit is None:
        return []
    full = {name: [values[row] for row in at] for name, values in part.items()}
    whole = element_lengths(checked.task.encode(full, checked.tokenizer, None))
    return [row for row, length in zip(at, whole, strict=True) if length > limit]


def _learned(checked: Checked, encoded: Mapping[str, list[Any]], numbers: Numbers, seen: Seen) -> None:
    """Add the rows of a part that teach nothing, and the elements whose end is learned."""
    labels = encoded.get("labels")
    if not labels or not isinstance(labels[0], list):
        return
    seen.per_token = True
    element = {name: values[0] for name, values in encoded.items()}
    # The output at a position is held against the label of the next: nothing comes before the first.
    first = 1 if checked.task.label_view(element, checked.tokenizer).shifted else 0
    learned = [set(targets[first:]) - {IGNORED} for targets in labels]
    owners = encoded.get("row", numbers)
    teaching = {owner for owner, targets in zip(owners, learned, strict=True) if targets}
    if not checked.task.packs:  # of a packed text every token is learned, in whichever block it lies
        seen.untrained += [int(number) for number in numbers if number not in teaching]
    seen.ends += sum(checked.tokenizer.eos_token_id in targets for targets in learned)
