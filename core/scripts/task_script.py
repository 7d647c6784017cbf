"""What a task adds to a script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class TaskScript:
    """The parts of a script that are the task's own, as source.

    Attributes:
        imports: import statements.
        constants: name -> value, at the top of the script.
        encode: code that makes `train` (and `evaluation`) of `data`, tokenized.
        collator: an expression.
        head: more arguments of `from_pretrained`: name -> source.
        guess: code that defines `keep_guesses(logits, labels)`; empty where the metrics need no logits, or what the
            Trainer gives as it is.
        score: lines that end by returning the metrics of `guesses`, `labels` and `losses` (one per row); empty where
            there are none.
        logits: the logits of a model's `output`.
        labels: what the guesses of a `batch` are compared with; empty where `score` knows it.
        items: how many items of a `batch` the loss is the mean over.
        told: the Trainer tells the model that number, and it is another one than the model would count.
        weight: how much the loss of a `batch` counts in an evaluation, a whole number.
        helpers: code that `score` needs.
        trainer, arguments: the Trainer's class and that of its arguments, with their imports.
        collator_code: code that defines `collator`.
        draws: the collator draws by its `epoch`: None for an evaluation.
        trainer_code, trainer_base: code that defines `trainer` where it is in no library, and what it is made of.
        trainer_options: more arguments of the Trainer: name -> source.
        trainer_arguments: more arguments of that class: name -> source.
        fixed_arguments: training arguments that are always so.
        after_model: code after `model` is there.
        after: code after the last evaluation, for what follows from its `metrics`.
        loop: why there is no loop of this task; empty where there is one.
    """

    imports: list[str]
    constants: dict[str, Any]
    encode: str
    collator: str
    head: dict[str, str] = field(default_factory=dict)
    guess: str = ""
    score: str = ""
    logits: str = "output.logits"
    labels: str = 'batch["labels"]'
    items: str = 'len(batch["labels"])'
    told: bool = False
    weight: str = 'len(batch["input_ids"])'
    helpers: str = ""
    trainer: str = "Trainer"
    arguments: str = "TrainingArguments"
    library: str = "transformers"
    collator_code: str = ""
    draws: bool = False
    trainer_code: str = ""
    trainer_base: str = ""
    trainer_options: dict[str, str] = field(default_factory=dict)
    trainer_arguments: dict[str, str] = field(default_factory=dict)
    fixed_arguments: dict[str, Any] = field(default_factory=dict)
    after_model: str = ""
    after: str = ""
    loop: str = ""
