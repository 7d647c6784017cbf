"""What a model says to a typed text, as plain values: classes, tagged words, entities, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class LabelScore:
    """A class and its probability; for regression the label `value` and the number itself."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, and what a model says of it.

    Attributes:
        text: the characters `start` to `end` of the text that it stands in; empty for the answer that there is none.
        label: the tag of a word, the type of an entity; empty for the answer to a question.
    """

    text: str
    start: int
    end: int
    probability: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says to what a person typed. What the task does not give is None.

    Attributes:
        labels: every class, the most probable first.
        words: every word with its tag, in their order.
        entities: what the tags add up to, in their order; its probability is the mean of its words'.
        answers: the likeliest answers in the context, the likeliest first.
        similarity: of two texts, the cosine of their embeddings.
        note: what of the text was left out, or what else there is to say; empty if nothing.
    """

    labels: list[LabelScore] | None = None
    words: list[Span] | None = None
    entities: list[Span] | None = None
    answers: list[Span] | None = None
    similarity: float | None = None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without what the task does not give."""
        return {name: value for name, value in asdict(self).items() if value is not None and value != ""}


def class_names(model: PreTrainedModel) -> dict[int, str]:
    """The classes of a model's head by their ids."""
    return {int(index): str(name) for index, name in (model.config.id2label or {}).items()}


def label_scores(logits: torch.Tensor, names: Mapping[int, str] | Sequence[str]) -> list[LabelScore]:
    """Every class with its probability, the most probable first.

    Args:
        logits: [classes], float32.
        names: the classes by their ids.
    """
    scores = [LabelScore(names[index], float(share)) for index, share in enumerate(logits.softmax(-1))]
    return sorted(scores, key=lambda score: -score.probability)
