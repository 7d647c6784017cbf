"""The tokens of a text that are hidden, from those around them on both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from core import answering, tokens
from core.answering import LabelScore, Prediction
from core.data import columns
from core.data.columns import Role
from core.errors import FinetuiError
from core.tasks import packing
from core.tasks.arrays import array
from core.tasks.base import IGNORED, Answer, LabelView, Question, Rows, Task, first

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import EvalPrediction, PreTrainedModel, PreTrainedTokenizerBase, Trainer

    from core.config import DataConfig, RunConfig
    from core.metrics.collect import Pairs
    from core.tasks.scoring import Reader

PROBABILITY = 0.15
"""Share of the tokens that are to be guessed: BERT's own (Devlin et al., 2019)."""
SHOWN = 5
"""Answers that Chat gets, the likeliest first."""
AROUND = 32
"""Tokens on each side of the mask that a sampled row is asked with."""


class MaskedLM(Task):
    """Texts. Which of their tokens are masked is drawn when a batch is made, so encoded rows have no labels."""

    roles: ClassVar[tuple[Role, ...]] = (Role("text", "the text; any token of it may be masked", True, (
        "text", "content", "sentence", "document")),)  # fmt: skip
    auto_class = "AutoModelForMaskedLM"
    peft_task_type = None
    metric_kinds = ("labels", "losses")
    loss_in_metrics = True

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        self.columns = columns.resolve(self.roles, train.column_names, data.columns)
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
        _mask(tokenizer, config.model.label)
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
            return packing.pack(self.encode_unpacked(rows, tokenizer), max_length)
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

    @classmethod
    def trainer_class(cls) -> type[Trainer]:
        from core.tasks.masking import MaskedTrainer

        return MaskedTrainer

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
        found = []
        special = set(tokenizer.all_special_ids)
        for text in rows[self.columns["text"]]:
            ids = tokenizer(str(text or ""), truncation=max_length is not None, max_length=max_length)["input_ids"]
            places = [place for place, token in enumerate(ids) if token not in special]
            if len(places) < 2:
                continue
            at = places[len(places) // 2]
            hidden = [*ids[:at], tokenizer.mask_token_id, *ids[at + 1 :]]
            shown = tokenizer.decode([hidden[place] for place in places if abs(place - at) <= AROUND])
            truth = tokens.piece(tokenizer, ids[at]).strip()
            found.append(Question(str(shown), {"input_ids": hidden}, expected=truth, judged=True))
        return found

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        if pair:
            raise FinetuiError("this task takes one text", text, "give one text with a mask in it")
        return Question(text, {"input_ids": _asked(tokenizer, text, max_length)})

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        """The likeliest token in the place of the first mask."""
        rows = [question.encoded["input_ids"] for question in questions]
        batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt")
        logits = model(**answering.inputs(model, batch)).logits
        found = []
        for index, ids in enumerate(batch["input_ids"].tolist()):
            shares = logits[index, ids.index(tokenizer.mask_token_id)].float().softmax(-1)
            share, token = shares.max(-1)
            found.append(Answer(tokens.piece(tokenizer, int(token)).strip(), float(share)))
        return found

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
        import torch

        (text,) = texts
        ids = _asked(tokenizer, text, max_length)
        batch = tokenizer.pad({"input_ids": [ids]}, return_tensors="pt")
        with torch.inference_mode():
            logits = model(**answering.inputs(model, batch)).logits[0, ids.index(tokenizer.mask_token_id)]
        shares, best = logits.float().softmax(-1).topk(SHOWN)
        masks = ids.count(tokenizer.mask_token_id)
        return Prediction(
            labels=[
                LabelScore(tokens.piece(tokenizer, token).strip(), share)
                for token, share in zip(best.tolist(), shares.tolist(), strict=True)
            ],
            note=f"the first of {masks} masks; fill it in to ask for the next" if masks > 1 else "",
        )


def _mask(tokenizer: PreTrainedTokenizerBase, name: str) -> str:
    """The mask token.

    Raises:
        FinetuiError: there is none.
    """
    if tokenizer.mask_token is None:
        raise FinetuiError(
            "the tokenizer has no mask token",
            f"{name} was not made to guess hidden tokens",
            "choose an encoder such as BERT, or the task causal-lm",
            key="model.id",
        )
    return str(tokenizer.mask_token)


def _asked(tokenizer: PreTrainedTokenizerBase, text: str, max_length: int | None) -> list[int]:
    """Token ids of a text with a mask.

    Raises:
        FinetuiError: there is none in it, or not within `max_length` tokens.
    """
    mask = _mask(tokenizer, "this model")
    ids: list[int] = tokenizer(text, truncation=max_length is not None, max_length=max_length)["input_ids"]
    if tokenizer.mask_token_id not in ids:
        cut = f" within {max_length} tokens" if mask in text else ""
        raise FinetuiError(
            f"there is no {mask} in this text{cut}", text[:100], f"write {mask} where a token is to be guessed"
        )
    return ids
