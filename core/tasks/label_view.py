"""What the loss compares the model's output with, for people."""

from __future__ import annotations

from dataclasses import dataclass, field

IGNORED = -100
"""The label that the loss leaves out."""


@dataclass(frozen=True, slots=True)
class LabelView:
    """What the loss compares the model's output with, for people.

    Attributes:
        tokens: the label at each position of `input_ids`, None where the loss leaves the position out; empty where
            labels are not per position of the input.
        shifted: the output at a position is compared with the label of the next one.
        row: the label of the whole row; empty where there is none.
        target: a sequence of label ids of its own, IGNORED where the loss leaves one out: what a decoder writes.
        parts: the name of the part of the row that each position of `input_ids` belongs to (prompt, completion, user,
            assistant, question, context, ...); empty where a row has one part.
        name: which of the row's sequences this is (chosen, rejected); empty where there is one.
        unlearned: the loss makes these tokens less likely.
        note: what the loss wants of the row, in words, where no label says it.
        points: the loss is over the positions: `tokens` mark the right ones, and what lies between, for people.
    """

    tokens: list[str | None] = field(default_factory=list)
    shifted: bool = False
    row: str = ""
    target: list[int] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    name: str = ""
    unlearned: bool = False
    note: str = ""
    points: bool = False
