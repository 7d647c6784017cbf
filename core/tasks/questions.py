"""What a model is asked while it learns, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """An input that the model is asked while it learns.

    Attributes:
        text: the input, for people; `pair` is the second text where there are two.
        encoded: what of `encode` the task's `answers` need, unpadded: name -> ids, or one list of ids per window.
        expected: the right answer, for people; None where nobody knows it.
        judged: whether another answer than `expected` is wrong.
        accepted: every right answer, where there are several.
    """

    text: str
    encoded: dict[str, list[Any]]
    pair: str | None = None
    expected: str | None = None
    judged: bool = False
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said to a question; `probability` where the task gives one."""

    text: str
    probability: float | None = None
