"""What is wrong or worth knowing before a run starts, and what it will cost."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from core.config import RunConfig
from core.training import prepare

if TYPE_CHECKING:
    from datasets import Dataset

    from core.training.prepare import Checked

Severity = Literal["error", "warning", "info"]
IMBALANCE = 4.0
"""The most frequent class is called dominant where it has this many times the rows of the rarest."""


MANY_CLASSES = 20
"""More classes than this, with fewer than two rows each, are no classes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about one split. `code` is a fixed word; `rows` are row numbers in the split, from 0."""

    code: str
    severity: Severity
    split: str
    count: int
    message: str
    hint: str = ""
    rows: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """The findings, and the cost: steps, rows, parameters and bytes."""

    findings: list[Finding]
    cost: dict[str, Any]

    @property
    def failed(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        return {"findings": [asdict(finding) for finding in self.findings], "cost": self.cost}


def check(config: RunConfig) -> Report:
    """Hold a config against its data and model, without loading any weights.

    Raises:
        FinetuiError: the run could not start at all.
    """
    checked = prepare.check(config)
    findings: list[Finding] = [Finding("note", "info", "", 0, note) for note in checked.notes]
    splits = {checked.config.data.train_split: checked.train}
    if checked.evaluation is not None and checked.config.data.eval_split:
        splits[checked.config.data.eval_split] = checked.evaluation
    longest = 0
    with TemporaryDirectory(prefix="finetui-") as cache:
        for split, rows in splits.items():
            lengths = _encoded(checked, split, rows, Path(cache), findings)
            longest = max(longest, *lengths)
            _texts(checked, split, rows, findings)
    _balance(checked, findings)
    return Report(findings, _cost(checked, longest))


def _encoded(checked: Checked, split: str, rows: Dataset, cache: Path, findings: list[Finding]) -> list[int]:
    """Tokenize a split as the run will; report what is cut and what teaches nothing. Returns tokens per row."""
    encoded = prepare.encode(checked, rows, cache)
    lengths = [len(ids) for ids in encoded["input_ids"]]
    limit = checked.config.data.max_length
    # A row of exactly the limit was cut or just fits: only those few are tokenized again without it.
    # Windows of a long context cut nothing.
    at_limit = [] if "row" in encoded.column_names else [i for i, length in enumerate(lengths) if length == limit]
    whole = checked.task.encode(rows[at_limit], checked.tokenizer, None)["input_ids"] if at_limit else []
    cut = [index for index, ids in zip(at_limit, whole, strict=True) if len(ids) > (limit or 0)]
    if cut:
        message = f"{len(cut)} of {len(rows)} rows ({len(cut) / len(rows):.1%}) are cut at {limit} tokens"
        findings.append(Finding("truncated", "warning", split, len(cut), message, "raise data.max_length", cut))
    if isinstance(encoded[0].get("labels"), list):
        untrained = [index for index, labels in enumerate(encoded["labels"]) if all(label == -100 for label in labels)]
        if untrained:
            message = f"{len(untrained)} rows have no token that the loss sees"
            hint = "the prompt alone fills data.max_length, or the completion is empty"
            severity: Severity = "error" if len(untrained) == len(rows) else "warning"
            findings.append(Finding("no_trained_token", severity, split, len(untrained), message, hint, untrained))
    return lengths


def _texts(checked: Checked, split: str, rows: Dataset, findings: list[Finding]) -> None:
    for role, column in checked.task.columns.items():
        if role == "label":
            continue
        empty = [index for index, text in enumerate(rows[column]) if not str(text if text is not None else "").strip()]
        if empty:
            message = f"{len(empty)} rows have nothing in `{column}`"
            findings.append(Finding("empty_text", "warning", split, len(empty), message, "drop them", empty))


def _balance(checked: Checked, findings: list[Finding]) -> None:
    names = checked.task.label_names
    if not names or "label" not in checked.task.columns:
        return
    from collections import Counter

    counts = Counter(checked.train[checked.task.columns["label"]])
    most, least = max(counts.values()), min(counts.values())
    if len(counts) > MANY_CLASSES and 2 * len(counts) > len(checked.train):
        column = checked.task.columns["label"]
        message = f"column `{column}` has {len(counts):,} different labels in {len(checked.train):,} rows"
        hint = "that is no class for a model to learn: name the label column under data.columns.label"
        train = checked.config.data.train_split
        findings.append(Finding("labels_are_texts", "error", train, len(counts), message, hint))
        return
    if most >= IMBALANCE * least:
        share = most / len(checked.train)
        message = f"the classes are uneven: the largest has {share:.0%} of the rows, the smallest {least}"
        hint = f"accuracy starts at {share:.2f} for a model that learned nothing: watch F1"
        findings.append(Finding("class_imbalance", "warning", checked.config.data.train_split, most, message, hint))


def _cost(checked: Checked, longest: int) -> dict[str, Any]:
    training = checked.config.training
    accumulated = training.per_device_train_batch_size * training.gradient_accumulation_steps
    per_epoch = math.ceil(len(checked.train) / accumulated)
    steps = training.max_steps if training.max_steps > 0 else math.ceil(per_epoch * training.num_train_epochs)
    return {
        "train_rows": len(checked.train),
        "eval_rows": len(checked.evaluation) if checked.evaluation is not None else 0,
        "steps": steps,
        "steps_per_epoch": per_epoch,
        "longest_row_tokens": longest,
        "precision": str(checked.precision),
        "device": checked.precision.device,
        **_parameters(checked),
    }


def _parameters(checked: Checked) -> dict[str, Any]:
    """Parameters and the bytes of weights, gradients and AdamW's two moments, from the architecture alone."""
    size = checked.size
    frozen_bytes = 4 if checked.precision.weights == "float32" else 2
    return {
        "parameters": size.total,
        "trainable_parameters": size.trainable,
        "weights_bytes": (size.total - size.trainable) * frozen_bytes + size.trainable * 4,
        "gradients_bytes": size.trainable * 4,
        "optimizer_bytes": size.trainable * 8,
    }
