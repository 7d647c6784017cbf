"""One label for a text or a pair of texts; several where the label is a list; a number where it is a float."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core import answering, predictions
from core.data import columns
from core.data.columns import Role
from core.data.label_columns import COLUMN as LABEL_SET
from core.errors import FinetuiError
from core.predictions import LabelScore, Prediction
from core.tasks import label_sets, labels
from core.tasks.arrays import array
from core.tasks.base import Answer, LabelView, Question, Rows, Task, first

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import EvalPrediction, PreTrainedModel, PreTrainedTokenizerBase

    from core.config import DataConfig, RunConfig
    from core.metrics.collect import Pairs
    from core.tasks.scoring import Reader


class SequenceClassification(Task):
    """Text or text pair -> class, set of classes, or number."""

    roles = (
        Role("text", "the text, or the first of a pair", True, ("text", "sentence1", "sentence", "premise", "content"),
             "texts"),
        Role("text_pair", "the second text of a pair", False, ("text_pair", "sentence2", "hypothesis")),
        Role("label", "the class, a list of classes, or a number", True,
             (LABEL_SET, "label", "labels", "target", "class", "score"), "classes or numbers"),
    )  # fmt: skip
    auto_class = "AutoModelForSequenceClassification"
    peft_task_type = "SEQ_CLS"
    fields = ("first text", "second text")
    class_role = "label"

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        self.columns = columns.resolve(self.roles, train.column_names, data.columns, train.features)
        splits = {data.train_split: train}
        if evaluation is not None:
            name = data.eval_split or "evaluation"
            columns.require(self.columns, evaluation.column_names, name)
            splits[name] = evaluation
        self.labels = labels.read(self.columns["label"], data.labels, splits)
        self.label_names = self.labels.names
        self.metric_kinds = ("numbers",) if self.labels.regression else ("hot",) if self.labels.several else ("labels",)
        self.notes = [] if self.label_names else ["the label is a float: the model learns a number (regression)"]
        if self.labels.several:
            self.notes.append("a row may have several labels: each is learned for itself (multi-label)")

    def meet(self, tokenizer: PreTrainedTokenizerBase, config: RunConfig) -> None:
        if (self.labels.several or self.labels.regression) and config.training.label_smoothing_factor:
            raise FinetuiError(
                "label smoothing is for one class of several",
                f"training.label_smoothing_factor: {config.training.label_smoothing_factor}",
                "leave it out",
                key="training.label_smoothing_factor",
            )

    @property
    def default_metrics(self) -> list[str]:
        if self.labels.regression:
            return ["mse", "pearson"]
        if self.labels.several:
            return ["f1_micro", "f1_macro", "accuracy"]
        return ["accuracy", "f1"] if len(self.label_names) == 2 else ["accuracy", "f1_macro"]

    def model_options(self) -> dict[str, Any]:
        if self.labels.regression:
            return {"num_labels": 1, "problem_type": "regression"}
        # Said in both cases: a checkpoint that is tuned further may have been of the other kind.
        kind = label_sets.SEVERAL if self.labels.several else "single_label_classification"
        return {**labels.head(self.label_names), "problem_type": kind}

    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        pair = self.columns.get("text_pair")
        encoded = tokenizer(
            _texts(rows[self.columns["text"]]),
            _texts(rows[pair]) if pair else None,
            truncation=max_length is not None,
            max_length=max_length,
        )
        result = dict(encoded)
        if self.columns["label"] in rows:
            result["labels"] = [self.labels.encode(value) for value in rows[self.columns["label"]]]
        return result

    def plain(self, rows: Dataset) -> tuple[list[str], list[Any]]:
        """The texts (a pair joined by a line break) and the label ids of every row; of sets a figure per label."""
        texts = _texts(rows[self.columns["text"]])
        if "text_pair" in self.columns:
            pairs = _texts(rows[self.columns["text_pair"]])
            texts = [f"{text}\n{pair}" for text, pair in zip(texts, pairs, strict=True)]
        return texts, [self.labels.encode(value) for value in rows[self.columns["label"]]]

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        encoded = self.encode(rows, tokenizer, max_length)
        texts = _texts(rows[self.columns["text"]])
        pairs: list[str | None] = [None for _ in texts]
        if "text_pair" in self.columns:
            pairs[:] = _texts(rows[self.columns["text_pair"]])
        expected: list[str | None] = [self._written(label) for label in encoded.pop("labels", [])]
        expected += [None for _ in texts[len(expected) :]]
        return [
            Question(text, {name: ids[index] for name, ids in encoded.items()}, pair, truth, self._judges(truth))
            for index, (text, pair, truth) in enumerate(zip(texts, pairs, expected, strict=True))
        ]

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        if pair and "text_pair" not in self.columns:
            raise FinetuiError("the task has no second text", f"{text} | {pair}", "give one text")
        row = {self.columns["text"]: [text]}
        if "text_pair" in self.columns:
            row[self.columns["text_pair"]] = [pair or ""]
        return self.questions(row, tokenizer, max_length)[0]

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        batch = self.collator(tokenizer)([question.encoded for question in questions])
        logits = model(**answering.inputs(model, batch)).logits.float()
        if self.labels.regression:
            return [Answer(self._written(float(value))) for value in logits[:, 0]]
        if self.labels.several:
            shares = logits.sigmoid()
            return [Answer(label_sets.written(self.label_names, row), _certainty(row)) for row in shares.tolist()]
        best = [predictions.label_scores(row, self.label_names)[0] for row in logits]
        return [
            Answer(score.label, score.probability) if math.isfinite(score.probability) else Answer("NaN")
            for score in best
        ]

    @classmethod
    def asked(cls, columns: Mapping[str, str]) -> tuple[str, ...]:
        return cls.fields if "text_pair" in columns else ("text",)

    @classmethod
    def predict(
        cls,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        texts: Sequence[str],
        max_length: int | None,
        data: DataConfig | None,
    ) -> Prediction:
        """Every class with its probability, the most probable first; for regression the number.

        Of classes that do not exclude each other each has a probability of its own; those from 0.5 on hold.
        """
        import torch

        inputs = tokenizer(*texts, return_tensors="pt", truncation=max_length is not None, max_length=max_length)
        with torch.inference_mode():
            logits = model(**answering.inputs(model, inputs)).logits[0].float()
        if model.config.num_labels == 1:
            return Prediction(labels=[LabelScore("value", float(logits[0]))])
        names = predictions.class_names(model)
        if model.config.problem_type == label_sets.SEVERAL:
            shares = logits.sigmoid().tolist()
            scores = [LabelScore(names[index], share) for index, share in enumerate(shares)]
            said = label_sets.written([names[index] for index in range(len(shares))], shares)
            return Prediction(labels=sorted(scores, key=lambda score: -score.probability), note=f"says: {said}")
        return Prediction(labels=predictions.label_scores(logits, names))

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        if self.labels.several and "labels" in encoded:
            return LabelView(row=self._written(encoded["labels"]))
        return super().label_view(encoded, tokenizer)

    def _written(self, label: Any) -> str:
        if self.labels.several:
            return label_sets.written(self.label_names, label)
        return f"{label:.4g}" if self.labels.regression else self.label_names[int(label)]

    def _judges(self, expected: str | None) -> bool:
        return expected is not None and not self.labels.regression

    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        from transformers import DataCollatorWithPadding

        return DataCollatorWithPadding(tokenizer)

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = first(logits)
        if self.labels.several:
            return (scores.sigmoid() >= label_sets.THRESHOLD).int()
        return scores.squeeze(-1) if self.labels.regression else scores.argmax(-1)

    def reader(self, encoded: Dataset | None) -> Reader:
        """Class ids; rows of 0 and 1 for sets of labels; numbers for regression."""
        assert self.metric_kinds is not None
        (kind,) = self.metric_kinds

        def read(prediction: EvalPrediction) -> Pairs:
            said, right = array(prediction.predictions), array(prediction.label_ids)
            return {kind: (said.astype(int), right.astype(int)) if kind == "hot" else (said, right)}

        return read


def _texts(values: Any) -> list[str]:
    """Text as the tokenizer takes it: a missing one is empty, a number is written out."""
    return ["" if value is None else str(value) for value in values]


def _certainty(shares: Sequence[float]) -> float:
    """The probability of the whole set that is said, its labels taken for independent."""
    return math.prod(max(share, 1 - share) for share in shares)
