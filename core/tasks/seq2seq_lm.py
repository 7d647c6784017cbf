"""One text out of another: translation, summarisation, the sounds of a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core import answering, languages
from core.chat import turns
from core.data import columns, nested
from core.data.columns import Role
from core.errors import FinetuiError
from core.tasks import decoder_start, target_kinds, targets
from core.tasks.arrays import array
from core.tasks.base import IGNORED, Answer, LabelView, Question, Rows, Task, first

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import (
        EvalPrediction,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        Trainer,
        TrainingArguments,
    )

    from core.config import DataConfig, RunConfig
    from core.metrics.collect import Pairs
    from core.tasks.scoring import Reader

UNLIMITED = 128
"""Tokens that an evaluation lets the model write where nothing says how long a target may be."""


class Seq2SeqLM(Task):
    """Source -> target, by an encoder and a decoder. The loss is on the target alone, its end included."""

    roles: ClassVar[tuple[Role, ...]] = (
        Role("source", "the text that is read", True,
             ("source", "src", "word", "article", "document", "dialogue", "text", "input", "question", "en"), "texts"),
        Role("target", "the text that shall be written", True,
             ("target", "tgt", "phonemes", "highlights", "summary", "output", "answer",
              "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "ro", "ru", "zh", "ja", "ko"), "texts"),
    )  # fmt: skip
    auto_class = "AutoModelForSeq2SeqLM"
    peft_task_type = "SEQ_2_SEQ_LM"
    kept_back = ("row", "target_cut")
    loss_in_metrics = True
    loss_of_batches = True  # as the Seq2SeqTrainer has it
    fields = ("source",)
    writes = True
    metric_kinds = ("texts", "losses")
    argument_defaults: ClassVar[dict[str, Any]] = {"predict_with_generate": True}
    set_elsewhere: ClassVar[dict[str, str]] = {
        "sortish_sampler": "set train_sampling_strategy: group_by_length",
    }

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        given = nested.whole_names(data.columns, train.column_names)
        within = nested.parts(train.column_names)
        if len(within) >= 2 and not given:
            given = {"source": within[0], "target": within[1]}
        self.columns = columns.resolve(self.roles, train.column_names, given, train.features)
        columns.require_texts(self.columns, train)
        if evaluation is not None:
            columns.require(self.columns, evaluation.column_names, data.eval_split or "evaluation")
        self.label_names = []
        self.notes = []
        if data.prefix:
            self.notes.append(f"before every source stands {data.prefix!r}")
        head = train[: min(target_kinds.LOOK, len(train))]
        self._kind = target_kinds.of(head[self.columns["source"]], head[self.columns["target"]])
        self._prefix = data.prefix
        self._most = data.max_target_length
        self._tokenizer: PreTrainedTokenizerBase | None = None
        self._shapes: PreTrainedModel | None = None

    def meet(self, tokenizer: PreTrainedTokenizerBase, config: RunConfig) -> None:
        """Make the model without its weights: it says what its decoder begins with.

        Raises:
            FinetuiError: the architecture has no decoder, or its config does not say what it begins with.
        """
        from core import models
        from core.methods import settle

        architecture = models.load_config(config.model, tokenizer)
        if getattr(architecture, "pad_token_id", None) is None:
            architecture.pad_token_id = tokenizer.pad_token_id
        self._shapes = settle.on_meta(config.model, self, architecture)
        self._tokenizer = tokenizer
        self.notes += languages.notes(tokenizer)
        decoder_start.require(self._shapes, architecture, config)
        if tokenizer.eos_token_id is None:
            self.notes.append("the tokenizer has no end-of-sequence token: the model never learns to stop")

    @property
    def default_metrics(self) -> list[str]:
        """Exact match of short targets, ROUGE of summaries, BLEU and chrF of what is left: translations."""
        return target_kinds.metrics(self._kind)

    def settled_arguments(self, max_length: int | None) -> dict[str, Any]:
        """An evaluation lets the model write as much as a target can have, behind the token that the decoder begins
        with; the library's own default is 20 tokens."""
        return {"generation_max_length": (self._most or max_length or UNLIMITED) + 1}

    def model_options(self) -> dict[str, Any]:
        return {}

    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        """`labels` are the target's tokens, at most `data.max_target_length`, else `max_length` of them; `target_cut`
        counts those beyond. The end-of-sequence token is added where the tokenizer adds none."""
        sources = [self._prefix + str(text or "") for text in rows[self.columns["source"]]]
        encoded: dict[str, list[Any]] = dict(
            tokenizer(sources, truncation=max_length is not None, max_length=max_length, verbose=False)
        )
        if self.columns["target"] in rows:
            texts = [str(text or "") for text in rows[self.columns["target"]]]
            encoded["labels"], encoded["target_cut"] = targets.encode(texts, tokenizer, self._most or max_length)
        return encoded

    def encoding_notes(self, encoded: Dataset, max_length: int | None) -> list[str]:
        cut = sum(count > 0 for count in encoded["target_cut"])
        return [f"{cut:,} targets are cut at {self._most or max_length} tokens"] if cut else []

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        """What the decoder shall write; of the source, which tokens are the prefix."""
        parts = []
        if self._prefix:
            ids = encoded["input_ids"]
            count = turns.shared(tokenizer(self._prefix)["input_ids"], ids)
            parts = [*["prefix"] * count, *["source"] * (len(ids) - count)]
        return LabelView(target=encoded.get("labels", []), parts=parts)

    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        """Labels are padded with -100. `decoder_input_ids` are those that the model itself makes of the labels: with
        label smoothing it does not get to see the labels."""
        from transformers import DataCollatorForSeq2Seq

        return DataCollatorForSeq2Seq(tokenizer, model=self._shapes, label_pad_token_id=IGNORED)

    @classmethod
    def trainer_class(cls) -> type[Trainer]:
        from transformers import Seq2SeqTrainer

        return Seq2SeqTrainer

    @classmethod
    def arguments_class(cls) -> type[TrainingArguments]:
        from transformers import Seq2SeqTrainingArguments

        return Seq2SeqTrainingArguments

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> torch.Tensor:
        """What was generated, as it is; without `predict_with_generate` the likeliest token after each true one."""
        scores: torch.Tensor = first(logits)
        if scores.dim() == 2:
            return scores
        return scores.argmax(-1).masked_fill(labels == IGNORED, IGNORED)

    def written(
        self, model: PreTrainedModel, batch: Mapping[str, Any], arguments: Any, stop: Callable[[], bool]
    ) -> torch.Tensor | None:
        from core.tasks import generation

        return generation.generate(model, batch, arguments, stop) if arguments.predict_with_generate else None

    def reader(self, encoded: Dataset | None) -> Reader:
        """The texts that were written, and those of the labels, both decoded without special tokens."""

        def read(prediction: EvalPrediction) -> Pairs:
            return {"texts": (self._texts(prediction.predictions), self._texts(prediction.label_ids))}

        return read

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        """Sources, and their targets; of a long target there are others that are as good."""
        inputs = {self.columns["source"]: rows[self.columns["source"]]}
        ids = self.encode(inputs, tokenizer, max_length)["input_ids"]
        targets = [str(text or "").strip() for text in rows[self.columns["target"]]]
        return [
            Question(str(text or ""), {"input_ids": row}, expected=truth, judged=self._kind == "short")
            for text, row, truth in zip(rows[self.columns["source"]], ids, targets, strict=True)
        ]

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        if pair:
            raise FinetuiError("this task takes one text", text, "give the source alone")
        (ids,) = self.encode({self.columns["source"]: [text]}, tokenizer, max_length)["input_ids"]
        return Question(text, {"input_ids": ids})

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        sources = [question.encoded["input_ids"] for question in questions]
        return [Answer(text.strip()) for text in answering.written(model, tokenizer, sources, max_new_tokens, stop)]

    def _texts(self, ids: Any) -> list[str]:
        """Decoded rows of token ids, [rows, length]."""
        assert self._tokenizer is not None
        given = array(ids)
        rows = np.where(given == IGNORED, self._tokenizer.pad_token_id, given)
        return [str(text).strip() for text in self._tokenizer.batch_decode(rows, skip_special_tokens=True)]
