"""The tokens of a text that are hidden, from those around them on both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from core.data import columns
from core.data.columns import Role
from core.errors import FinetuiError
from core.tasks import mask_filling, packing
from core.tasks.arrays import array
from core.tasks.base import IGNORED, Answer, LabelView, Question, Rows, Task, first

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import EvalPrediction, PreTrainedModel, PreTrainedTokenizerBase

    from core.config import DataConfig, RunConfig
    from core.metrics.collect import Pairs
    from core.predictions import Prediction
    from core.tasks.scoring import Reader

PROBABILITY = 0.15
"""Share of the tokens that are to be guessed: BERT's own (Devlin et al., 2019)."""


class MaskedLM(Task):
    """Texts. Which of their tokens are masked is drawn when a batch is made, so encoded rows have no labels."""

    roles: ClassVar[tuple[Role, ...]] = (Role("text", "the text; any token of it may be masked", True, (
        "text", "content", "sentence", "document"), "texts"),)  # fmt: skip
    auto_class = "AutoModelForMaskedLM"
    peft_task_type = None
    metric_kinds = ("labels", "losses")
    loss_in_metrics = True

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        self.columns = columns.resolve(self.roles, train.column_names, data.columns, train.features)
        columns.require_texts(self.columns, train)
        if evaluation is not None:
            columns.require(self.columns, evaluation.column_names, data.eval_split or "evaluation")
        self.label_names = []
        self.notes = packing.notes(data)
        self._packing = data.packing
        self._share = PROBABILITY if data.mask_probability is None else data.mask_probability
        self._seed = 0

    def meet(self, tokenizer: PreTrainedTokenizerBase, config: RunConfig) -> None:
        """Raises:
        FinetuiError: the tokenizer has no mask token.
        """
        mask_filling.require(tokenizer, config.model.label)
        self._seed = config.training.seed

    @property
    def default_metrics(self) -> list[str]:
        return ["accuracy", "perplexity"]

    def settled(self) -> dict[str, Any]:
        return {"mask_probability": self._share}

    def model_options(self) -> dict[str, Any]:
        return {}

    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        """The texts, cut at `max_length` tokens; with `data.packing` one after the other in blocks of that length."""
        if self.packs and max_length:
            return packing.pack(self, rows, tokenizer, max_length)
        return self._encode_rows(rows, tokenizer, max_length)

    @property
    def packs(self) -> bool:
        return self._packing

    def encode_unpacked(self, rows: Rows, tokenizer: PreTrainedTokenizerBase) -> dict[str, list[Any]]:
        texts = [str(text or "") for text in rows[self.columns["text"]]]
        return packing.without_blank(self._encode_rows(rows, tokenizer, None), texts)

    def _encode_rows(
        self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> dict[str, list[Any]]:
        texts = [str(text or "") for text in rows[self.columns["text"]]]
        return dict(tokenizer(texts, truncation=max_length is not None, max_length=max_length, verbose=False))

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        view = LabelView(note=f"{self._share:.0%} of the tokens, drawn anew for each batch: a batch shows which")
        if self._packing:
            return replace(view, parts=packing.documents(encoded["input_ids"], tokenizer.sep_token_id))
        return view

    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        """Of the tokens to guess 80 in 100 become the mask, 10 another token, 10 stay; labels are -100 elsewhere."""
        from core.tasks.masking import Masking

        return Masking(tokenizer, mlm_probability=self._share, seed=self._seed)

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> torch.Tensor:
        """The most probable token at each position, [batch, length] int64."""
        scores: torch.Tensor = first(logits)
        return scores.argmax(-1)

    def reader(self, encoded: Dataset | None) -> Reader:
        """The masked tokens alone; the masks of every evaluation are the same."""

        def read(prediction: EvalPrediction) -> Pairs:
            truth, guess = array(prediction.label_ids), array(prediction.predictions)
            masked = truth != IGNORED
            return {"labels": (guess[masked], truth[masked])}

        return read

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        """Each text with the token in its middle masked, and that token."""
        return mask_filling.questions(rows[self.columns["text"]], tokenizer, max_length)

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        if pair:
            raise FinetuiError("this task takes one text", text, "give one text with a mask in it")
        return Question(text, {"input_ids": mask_filling.asked(tokenizer, text, max_length)})

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        """The likeliest token in the place of the first mask."""
        return mask_filling.answers(model, tokenizer, [question.encoded["input_ids"] for question in questions])

    @classmethod
    def predict(
        cls,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        texts: Sequence[str],
        max_length: int | None,
        data: DataConfig | None,
    ) -> Prediction:
        """The likeliest tokens in the place of the first mask of the text."""
        (text,) = texts
        return mask_filling.predict(model, tokenizer, mask_filling.asked(tokenizer, text, max_length))
