"""The answers of a question answering dataset, in the shapes that they come in, held against their contexts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.data.origin import in_source
from core.errors import FinetuiError
from core.tasks.labels import some

if TYPE_CHECKING:
    from datasets import Dataset

    from core.config import DataConfig

SHAPES = (
    "name a column of {text: [...], answer_start: [...]}, as SQuAD has it, or of texts that stand in their contexts, "
    "with data.columns.answer_start beside them where they have starts"
)


@dataclass(frozen=True, slots=True)
class Gold:
    """What is right for a row.

    Attributes:
        texts: every answer that is right; none where the question has no answer in the context.
        start, end: the characters of the context that are trained: those of the first answer, without spaces around.
        misplaced: what stands in the context where the first answer is said to; None where it stands there.
    """

    texts: list[str]
    start: int = 0
    end: int = 0
    misplaced: str | None = None


def read(answers: Any, answer_start: Any, context: str) -> Gold:
    """The answers of one row: `{text: [...], answer_start: [...]}`, a list of such with one answer each, or a text (or
    list of texts) with its place in a column of its own. Without a place, the first one where the text stands is taken.

    Raises:
        FinetuiError: it is of another shape.
    """
    found = [(text, start) for text, start in _pairs(answers, answer_start) if text]
    if not found:
        return Gold([])
    texts = [text for text, _ in found]
    text, given = found[0]
    start = context.find(text) if given is None else given
    stands = context[start : start + len(text)] if start >= 0 else ""
    if stands != text:
        return Gold(texts, misplaced=stands)
    begin = start + len(text) - len(text.lstrip())
    return Gold(texts, begin, begin + len(text.strip()))


def of_rows(rows: Dataset, columns: Mapping[str, str]) -> Iterator[Gold]:
    """The answers of every row of a split."""
    names = [columns[role] for role in ("context", "answers", "answer_start") if role in columns]
    for batch in rows.select_columns(names).iter(1000):
        yield from of_batch(batch, columns)


def of_batch(batch: Mapping[str, Any], columns: Mapping[str, str]) -> Iterator[Gold]:
    """The answers of a batch of rows."""
    contexts, answers = batch[columns["context"]], batch[columns["answers"]]
    starts = batch[columns["answer_start"]] if "answer_start" in columns else [None] * len(contexts)
    for context, answer, start in zip(contexts, answers, starts, strict=True):
        yield read(answer, start, str(context or ""))


def look(split: str, rows: Dataset, columns: Mapping[str, str], data: DataConfig) -> tuple[int, int]:
    """How many rows of a split have no answer, and how many a misaligned one.

    Raises:
        FinetuiError: there are misaligned ones, and `data.misaligned_answers` says to stop; or all rows are.
    """
    empty, misaligned, example = 0, [], None
    for index, gold in enumerate(of_rows(rows, columns)):
        empty += not gold.texts
        if gold.misplaced is not None:
            example = example or (index, gold)
            misaligned.append(index)
    if example is not None and (data.misaligned_answers == "stop" or len(misaligned) == len(rows)):
        index, gold = example
        column = columns["answers"]
        starts = "answer_start" in columns or _has_starts(rows.features[column])
        if not starts and len(misaligned) + empty == len(rows):
            raise FinetuiError(
                f"column {column} holds no answers that stand in their contexts",
                f"split `{split}`; they are texts without a start (answer_start); "
                f"row {index}{in_source(rows, index)}: {gold.texts[0]!r}",
                SHAPES,
                key="data.columns.answers",
            )
        about = "starts count characters from 0" if starts else "without a start an answer is found word for word"
        if len(misaligned) < len(rows):
            about += "; `data.misaligned_answers: skip` leaves these rows out"
        stands = f"there stands {gold.misplaced!r}" if gold.misplaced else "nothing stands there"
        raise FinetuiError(
            f"{len(misaligned):,} of {len(rows):,} rows have an answer that is not in its context",
            f"split `{split}`, rows {some(misaligned)}; "
            f"row {index}{in_source(rows, index)}: the answer is {gold.texts[0]!r}, {stands}",
            about,
            key="data.misaligned_answers" if len(misaligned) < len(rows) else "data.columns.answers",
        )
    return empty, len(misaligned)


def _has_starts(feature: Any) -> bool:
    """Whether answers of this type say where they begin."""
    if isinstance(feature, dict):
        return "answer_start" in feature
    return hasattr(feature, "feature") and _has_starts(feature.feature)


def _pairs(answers: Any, answer_start: Any) -> Iterator[tuple[str, int | None]]:
    if answers is None or answers == "":
        return
    if isinstance(answers, Mapping):
        if "text" not in answers:
            keys = ", ".join(map(str, answers))
            hint = "they are {text: [...], answer_start: [...]}, or a text with data.columns.answer_start beside it"
            raise FinetuiError("these are no answers", f"their keys are {keys}", hint, key="data.columns.answers")
        yield from _pairs(answers["text"], answers.get("answer_start"))
    elif isinstance(answers, str):
        yield answers, _first(answer_start)
    elif isinstance(answers, (list, tuple)):
        starts = answer_start if isinstance(answer_start, (list, tuple)) else [answer_start] * len(answers)
        for answer, start in zip(answers, [*starts, *[None] * len(answers)], strict=False):
            yield from _pairs(answer, start)
    else:
        hint = "name a column of texts, or of {text, answer_start}"
        raise FinetuiError("these are no answers", repr(answers)[:80], hint, key="data.columns.answers")


def _first(start: Any) -> int | None:
    if isinstance(start, (list, tuple)):
        start = start[0] if start else None
    return None if start is None else int(start)
