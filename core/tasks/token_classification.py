"""A tag for each word: named entities, parts of speech."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core import answering, predictions
from core.data import columns
from core.data.columns import Role
from core.errors import FinetuiError
from core.predictions import Prediction, Span
from core.tasks import labels, tags, words
from core.tasks.arrays import array
from core.tasks.base import IGNORED, Answer, LabelView, Question, Rows, Task, first

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import EvalPrediction, PreTrainedModel, PreTrainedTokenizerBase

    from core.config import DataConfig
    from core.metrics.collect import Pairs
    from core.metrics.names import Kind
    from core.tasks.scoring import Reader

NO_ENTITIES = "no entities"


class TokenClassification(Task):
    """Words -> tags. The first sub-word of a word carries its tag; the loss leaves out the others."""

    roles = (
        Role("tokens", "the words of a row, as a list", True, ("tokens", "words"), "lists of texts"),
        Role(
            "tags",
            "the tag of each word, as a list",
            True,
            ("ner_tags", "tags", "labels", "pos_tags", "chunk_tags"),
            "lists",
        ),
    )
    auto_class = "AutoModelForTokenClassification"
    class_role = "tags"
    peft_task_type = "TOKEN_CLS"
    kept_back = ("row", "words_cut")
    metric_kinds = ("labels", "tags")

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        self.columns = columns.resolve(self.roles, train.column_names, data.columns, train.features)
        splits = {data.train_split: train}
        if evaluation is not None:
            name = data.eval_split or "evaluation"
            columns.require(self.columns, evaluation.column_names, name)
            splits[name] = evaluation
        self.labels = tags.read(self.columns["tokens"], self.columns["tags"], data.labels, splits)
        self.label_names = self.labels.names
        self.of_entities = tags.name_entities(self.label_names)
        self.notes = []
        if not self.of_entities:
            self.notes = ["the tags mark no entities (B-, I-, O): the metrics are those of single words"]

    @property
    def default_metrics(self) -> list[str]:
        return ["seqeval"] if self.of_entities else ["accuracy", "f1_macro"]

    def model_options(self) -> dict[str, Any]:
        return labels.head(self.label_names)

    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        """`words_cut` counts the words of a row that lie beyond `max_length` tokens."""
        given = _words(rows[self.columns["tokens"]])
        encoded, word_ids = words.encode(tokenizer, given, max_length)
        result = dict(encoded)
        result["words_cut"] = [words.cut(encoded, index) for index in range(len(given))]
        if self.columns["tags"] in rows:
            result["labels"] = [
                words.first_subwords(ids, [int(self.labels.encode(tag)) for tag in row or ()])
                for ids, row in zip(word_ids, rows[self.columns["tags"]], strict=True)
            ]
        return result

    def encoding_notes(self, encoded: Dataset, max_length: int | None) -> list[str]:
        cut = [count for count in encoded["words_cut"] if count]
        if not cut:
            return []
        return [f"{sum(cut):,} words of {len(cut):,} rows lie beyond {max_length} tokens: neither trained nor scored"]

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        return LabelView([None if label == IGNORED else self.label_names[label] for label in encoded["labels"]])

    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        from transformers import DataCollatorForTokenClassification

        return DataCollatorForTokenClassification(tokenizer, label_pad_token_id=IGNORED)

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> torch.Tensor:
        """The most probable tag at each position, [batch, length] int64."""
        scores: torch.Tensor = first(logits)
        return scores.argmax(-1)

    def reader(self, encoded: Dataset | None) -> Reader:
        """The ids of all words; where tags mark entities, also the tags of each row."""

        def read(prediction: EvalPrediction) -> Pairs:
            truth, guess = array(prediction.label_ids), array(prediction.predictions)
            tagged = truth != IGNORED
            pairs: dict[Kind, tuple[Any, Any]] = {"labels": (guess[tagged], truth[tagged])}
            rows = np.flatnonzero(tagged.any(axis=1))
            said, right = ([self._names(side[row][tagged[row]]) for row in rows] for side in (guess, truth))
            return {**pairs, "tags": (said, right)}

        return read

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        """`labels` of an encoded question is 0 at the first sub-word of each word, IGNORED elsewhere."""
        given = _words(rows[self.columns["tokens"]])
        truths = rows.get(self.columns["tags"])
        found = []
        encoded, word_ids = words.encode(tokenizer, given, max_length)
        for index, (row, ids) in enumerate(zip(given, word_ids, strict=True)):
            seen = sorted({word for word in ids if word is not None})  # a word without a token gets no tag
            if not seen:
                continue
            inputs = {name: values[index] for name, values in encoded.items()}
            inputs["labels"] = words.first_subwords(ids, [0] * len(row))
            inputs["words"] = [row[word] for word in seen]
            expected = None
            if truths is not None:
                names = [self.label_names[int(self.labels.encode(tag))] for tag in truths[index]]
                expected = self._written(inputs["words"], [names[word] for word in seen])
            found.append(Question(" ".join(row), inputs, expected=expected, judged=expected is not None))
        return found

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        given = [text[start:end] for start, end in words.split(tokenizer, text)]
        if pair or not given:
            raise FinetuiError("this is no text of words", text, "give one text of at least one word")
        return self.questions({self.columns["tokens"]: [given]}, tokenizer, max_length)[0]

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        """The entities, or the tagged words where tags mark no entities."""
        encoded = [{name: ids for name, ids in question.encoded.items() if name != "words"} for question in questions]
        batch = self.collator(tokenizer)(encoded)
        starts = batch.pop("labels") != IGNORED
        best = model(**answering.inputs(model, batch)).logits.argmax(-1).cpu()
        return [
            Answer(self._written(question.encoded["words"], self._names(row[mask])))
            for question, row, mask in zip(questions, best, starts, strict=True)
        ]

    @classmethod
    def predict(
        cls,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        texts: Sequence[str],
        max_length: int | None,
        data: DataConfig | None,
    ) -> Prediction:
        """The words of the text with their tags, and the entities that the tags add up to."""
        import torch

        (text,) = texts
        spans = words.split(tokenizer, text)
        if not spans:
            raise FinetuiError("there is no word in this text", repr(text), "give at least one word")
        encoded, (word_ids,) = words.encode(tokenizer, [[text[start:end] for start, end in spans]], max_length)
        inputs = answering.inputs(model, encoded.convert_to_tensors("pt"))
        with torch.inference_mode():
            shares, best = model(**inputs).logits[0].float().softmax(-1).max(-1)
        names, tagged = predictions.class_names(model), []
        for position, mark in enumerate(words.first_subwords(word_ids, range(len(spans)))):
            if mark != IGNORED:
                start, end = spans[mark]
                share, name = float(shares[position]), names[int(best[position])]
                tagged.append(Span(text[start:end], start, end, share, name))
        cut = words.cut(encoded, 0)
        note = f"{cut:,} more words lie beyond {max_length} tokens" if cut else ""
        entities = _entities(text, tagged) if tags.name_entities(list(names.values())) else None
        return Prediction(words=tagged, entities=entities, note=note)

    def _written(self, given: Sequence[str], names: list[str]) -> str:
        """Tagged words for people."""
        if not self.of_entities:
            return " ".join(f"{word}/{name}" for word, name in zip(given, names, strict=True))
        found = [f"{' '.join(given[start : end + 1])} ({kind})" for kind, start, end in tags.chunks(names)]
        return ", ".join(found) or NO_ENTITIES

    def _names(self, ids: Any) -> list[str]:
        return [self.label_names[index] for index in ids.tolist()]


def _words(rows: Sequence[Any]) -> list[list[str]]:
    return [["" if word is None else str(word) for word in row or ()] for row in rows]


def _entities(text: str, tagged: Sequence[Span]) -> list[Span]:
    found = []
    for kind, begin, last in tags.chunks([word.label for word in tagged]):
        inside = tagged[begin : last + 1]
        start, end = inside[0].start, inside[-1].end
        share = sum(word.probability for word in inside) / len(inside)
        found.append(Span(text[start:end], start, end, share, kind))
    return found
