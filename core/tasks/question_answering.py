"""The answer to a question as a stretch of its context; long contexts in windows; questions without an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.data import columns
from core.data.columns import Role
from core.errors import FinetuiError
from core.metrics import squad
from core.predictions import Prediction
from core.tasks import gold_answers, n_best, window_logits, windows
from core.tasks.arrays import array
from core.tasks.base import Answer, LabelView, Question, Rows, Task
from core.tasks.window_logits import PLACES, RowsOfWindows
from core.tasks.windows import NULL, OUTSIDE

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import EvalPrediction, PreTrainedModel, PreTrainedTokenizerBase

    from core.config import DataConfig, RunConfig
    from core.metrics.collect import Pairs
    from core.tasks.scoring import Reader

NO_ANSWER = "(no answer)"
SHOWN = 5
"""Answers of a prediction."""


class QuestionAnswering(Task):
    """Question and context -> start and end of the answer."""

    roles = (
        Role("question", "the question", True, ("question", "query"), "texts"),
        Role(
            "context",
            "the text that has the answer",
            True,
            ("context", "passage", "paragraph", "document", "text"),
            "texts",
        ),
        Role(
            "answers", "the right answers: {text, answer_start}, or a text", True, ("answers", "answer", "answer_text")
        ),
        Role(
            "answer_start", "first character of the answer, where it has a column of its own", False, ("answer_start",)
        ),
    )
    auto_class = "AutoModelForQuestionAnswering"
    peft_task_type = "QUESTION_ANS"
    kept_back = ("row", *PLACES)
    fields = ("question", "context")
    keeps_last = True
    set_elsewhere: ClassVar[dict[str, str]] = {
        "label_smoothing_factor": "the library smooths labels, and an answer is two positions"
    }
    why_no_loss = "its labels are two positions, which the Trainer gives to no loss function"
    metric_kinds = ("answers", "texts")
    reads_in_order = True

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        self.columns = columns.resolve(self.roles, train.column_names, data.columns, train.features)
        self.label_names = []
        self.notes = []
        self._stride = data.stride
        self._evaluation = evaluation
        splits = {data.train_split: train}
        if evaluation is not None:
            name = data.eval_split or "evaluation"
            columns.require(self.columns, evaluation.column_names, name)
            splits[name] = evaluation
        unanswerable = 0
        for split, rows in splits.items():
            empty, misaligned = gold_answers.look(split, rows, self.columns, data)
            unanswerable += empty
            if empty:
                self.notes.append(f"{empty:,} of {len(rows):,} rows of {split} have no answer")
            if misaligned:
                self.notes.append(f"{misaligned:,} rows of {split} are skipped: their answer is not in the context")
        self.null = unanswerable > 0 if data.null_answers is None else data.null_answers
        if self.null:
            self.notes.append("the model may say that there is no answer")

    def meet(self, tokenizer: PreTrainedTokenizerBase, config: RunConfig) -> None:
        """Padding goes behind: before a window it would move every token, and not where the answer is said to be."""
        if tokenizer.padding_side != "right":
            tokenizer.padding_side = "right"
            self.notes.append("the tokenizer pads on the left: here it pads on the right, where no answer is moved")

    @property
    def default_metrics(self) -> list[str]:
        return ["squad"]

    def settled(self) -> dict[str, Any]:
        return {"null_answers": self.null}

    def model_options(self) -> dict[str, Any]:
        return {"num_labels": 2}  # start and end, whatever a checkpoint had classes for

    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        """One element per window; rows that are skipped have none.

        `start_positions` and `end_positions` are the first and last token of the answer, 0 and 0 where it is not in
        the window.
        """
        golds: Sequence[gold_answers.Gold | None] = [None] * len(rows[self.columns["question"]])
        if self.columns["answers"] in rows:
            golds = list(gold_answers.of_batch(rows, self.columns))
        kept = [index for index, gold in enumerate(golds) if gold is None or gold.misplaced is None]
        if not kept:
            names = [*tokenizer.model_input_names, *PLACES, "row", "start_positions", "end_positions"]
            return {name: [] for name in names}
        questions, contexts = (
            [_text(rows[self.columns[role]][index]) for index in kept] for role in ("question", "context")
        )
        made = windows.encode(tokenizer, questions, contexts, max_length, self._stride)
        result: dict[str, list[Any]] = {**made.inputs, **dict(zip(PLACES, (made.starts, made.ends), strict=True))}
        result["row"] = [kept[index] for index in made.row]
        if self.columns["answers"] in rows:
            found = [
                windows.positions(starts, ends, gold.start, gold.end) if (gold := golds[row]) is not None else (0, 0)
                for starts, ends, row in zip(made.starts, made.ends, result["row"], strict=True)
            ]
            result["start_positions"] = [first for first, _ in found]
            result["end_positions"] = [last for _, last in found]
        return result

    def encoding_notes(self, encoded: Dataset, max_length: int | None) -> list[str]:
        rows = len(encoded.unique("row"))
        if rows == len(encoded):
            return []
        held = sum(position != NULL for position in encoded["end_positions"])
        return [f"{rows:,} rows became {len(encoded):,} windows of {max_length} tokens; {held:,} hold the answer"]

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        places, ids = encoded["context_start"], encoded["input_ids"]
        special = set(tokenizer.all_special_ids)
        parts = [
            "context" if place != OUTSIDE else "" if token in special else "question"
            for place, token in zip(places, ids, strict=True)
        ]
        first, last = encoded["start_positions"], encoded["end_positions"]
        marks: list[str | None] = [None] * len(ids)
        if last == NULL:
            marks[NULL] = "no answer"
        else:
            marks[first : last + 1] = ["answer"] * (last + 1 - first)
            marks[first], marks[last] = ("start", "end") if first < last else ("start, end", "start, end")
        note = "two targets: where the answer starts, and where it ends"
        return LabelView(marks, parts=parts, note=note, points=True)

    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        from transformers import DataCollatorWithPadding

        return DataCollatorWithPadding(tokenizer)

    def reduce_logits(self, logits: Any, labels: Any) -> torch.Tensor:
        """Start and end logits together, [batch, length, 2] float32."""
        import torch

        return torch.stack([logits[0], logits[1]], dim=-1).float()

    def reader(self, encoded: Dataset | None) -> Reader:
        """Answers are read off the logits of all windows of a row, then compared as texts with the right ones."""
        assert encoded is not None
        assert self._evaluation is not None
        evaluation, windows_of = self._evaluation, RowsOfWindows(encoded)

        def read(prediction: EvalPrediction) -> Pairs | None:
            logits = array(prediction.predictions)
            if not np.isfinite(logits).all():
                return None  # a diverged model answers nothing that could be scored
            said, right = [], []
            for index, of_row in windows_of.add(logits):
                row = evaluation[index]
                found = n_best.ranked(of_row, self.null)
                said.append(n_best.span(_text(row[self.columns["context"]]), found[0], 1.0).text if found else "")
                right.append(self._gold(row).texts or [""])
            return {"answers": (said, right), "texts": (said, [texts[0] for texts in right])}

        return read

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        encoded = self.encode(rows, tokenizer, max_length)
        given, contexts = rows[self.columns["question"]], rows[self.columns["context"]]
        found = []
        for row, group in groupby(range(len(encoded["row"])), key=encoded["row"].__getitem__):
            chosen = list(group)
            inputs = {name: [values[index] for index in chosen] for name, values in encoded.items()}
            accepted: tuple[str, ...] = ()
            if self.columns["answers"] in rows:
                accepted = tuple(next(gold_answers.of_batch(_row(rows, row), self.columns)).texts) or (NO_ANSWER,)
            expected = accepted[0] if accepted else None
            text, pair = _text(given[row]), _text(contexts[row])
            found.append(Question(text, inputs, pair, expected, bool(accepted), accepted))
        return found

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        if not pair:
            raise FinetuiError("there is no context", text, "give the question, and the text that has the answer")
        row = {self.columns["question"]: [text], self.columns["context"]: [pair]}
        return self.questions(row, tokenizer, max_length)[0]

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        said = []
        for question in questions:
            if stop():
                break
            found = n_best.ranked(list(window_logits.asked(model, tokenizer, question.encoded)), self.null)
            best = [n_best.span(question.pair or "", found[0], n_best.shares(found)[0])] if found else []
            said += [Answer(span.text or NO_ANSWER, span.probability) for span in best] or [Answer(NO_ANSWER)]
        return said

    def is_right(self, question: Question, answer: Answer) -> bool | None:
        """Right is what exact match counts as right."""
        if not question.judged:
            return None
        return any(squad.exact(answer.text, truth) for truth in question.accepted)

    @classmethod
    def predict(
        cls,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        texts: Sequence[str],
        max_length: int | None,
        data: DataConfig | None,
    ) -> Prediction:
        """The likeliest answers in the context; an empty one says that there is none.

        Their probabilities are those among the likeliest alone. A model of which nobody knows whether it may say that
        there is no answer, may.
        """
        import torch

        question, context = texts
        made = windows.encode(tokenizer, [question], [context], max_length, data.stride if data else None)
        encoded = {**made.inputs, **dict(zip(PLACES, (made.starts, made.ends), strict=True))}
        null = data is None or data.null_answers is not False
        with torch.inference_mode():
            found = n_best.ranked(list(window_logits.asked(model, tokenizer, encoded)), null)
        spans = [n_best.span(context, *pair) for pair in zip(found, n_best.shares(found), strict=True)]
        return Prediction(answers=spans[:SHOWN])

    def _gold(self, row: Mapping[str, Any]) -> gold_answers.Gold:
        (gold,) = gold_answers.of_batch({name: [value] for name, value in row.items()}, self.columns)
        return gold


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _row(rows: Rows, index: int) -> dict[str, list[Any]]:
    return {name: [values[index]] for name, values in rows.items()}
