"""The next token of a text; or the completion of a prompt, with the loss on the completion alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from core import answering
from core.data import columns
from core.data.columns import Role
from core.errors import FinetuiError
from core.tasks import packing
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

PROMPT_TOKENS = 32
"""Of a text without a prompt of its own, at most so many tokens are given in a sampling."""


class CausalLM(Task):
    """Text, or prompt and completion."""

    roles: ClassVar[tuple[Role, ...]] = (
        Role("text", "the whole text; every token is learned", False, ("text", "content")),
        Role("prompt", "what the model is given; not learned", False, ("prompt", "question", "instruction")),
        Role("completion", "what the model shall answer", False, ("completion", "answer", "response", "output")),
    )
    auto_class = "AutoModelForCausalLM"
    peft_task_type = "CAUSAL_LM"
    loss_in_metrics = True
    fields = ("prompt",)
    writes = True
    metric_kinds: tuple[Kind, ...] | None = ("ids", "losses")

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        found = columns.resolve(self.roles, train.column_names, data.columns, train.features)
        chosen = set(data.columns)
        if "prompt" in found and "completion" in found and "text" not in chosen:
            found.pop("text", None)
        elif "text" in found and not chosen & {"prompt", "completion"}:
            found = {"text": found["text"]}
        else:
            raise FinetuiError(
                "no column to learn from",
                f"the columns are {', '.join(train.column_names)}",
                "name one as `data.columns.text`, or two as `data.columns.prompt` and `data.columns.completion`",
            )
        if evaluation is not None:
            columns.require(found, evaluation.column_names, data.eval_split or "evaluation")
        self.columns = found
        self.label_names = []
        self.notes = [] if "text" in found else ["the loss is on the completion alone, its end included"]
        self.notes += packing.notes(data)
        self._packing = data.packing

    @property
    def default_metrics(self) -> list[str]:
        return ["perplexity"] if "text" in self.columns else ["exact_match", "perplexity"]

    def model_options(self) -> dict[str, Any]:
        return {}

    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        """Prompt and completion are tokenized as one text; a token belongs to the prompt if it ends within it.

        The end-of-sequence token is added where the tokenizer adds none, and is learned. With `data.packing` the rows
        follow one another in blocks of `max_length` tokens.
        """
        if self.packs and max_length:
            return packing.pack(self, rows, tokenizer, max_length)
        return self._encode_rows(rows, tokenizer, max_length)

    @property
    def packs(self) -> bool:
        return self._packing

    def encode_unpacked(self, rows: Rows, tokenizer: PreTrainedTokenizerBase) -> dict[str, list[Any]]:
        return packing.without_blank(self._encode_rows(rows, tokenizer, None), self._texts(rows)[0])

    def _encode_rows(
        self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> dict[str, list[Any]]:
        texts, prompt_lengths = self._texts(rows)
        encoded = tokenizer(texts, return_offsets_mapping="prompt" in self.columns)
        input_ids, labels = [], []
        for index, ids in enumerate(encoded["input_ids"]):
            ends = [end for _, end in encoded["offset_mapping"][index]] if "prompt" in self.columns else None
            row, targets = list(ids), list(ids)
            if ends is not None:
                targets = [
                    IGNORED if end <= prompt_lengths[index] else token for token, end in zip(ids, ends, strict=True)
                ]
            if tokenizer.eos_token_id is not None:
                if row and row[-1] == tokenizer.eos_token_id:
                    targets[-1] = tokenizer.eos_token_id
                else:
                    row.append(tokenizer.eos_token_id)
                    targets.append(tokenizer.eos_token_id)
            input_ids.append(row[:max_length])
            labels.append(targets[:max_length])
        return {"input_ids": input_ids, "attention_mask": [[1] * len(row) for row in input_ids], "labels": labels}

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        """Each token is the label of its own position; the model shifts them by one."""
        view = replace(super().label_view(encoded, tokenizer), shifted=True)
        if self._packing:
            return replace(view, parts=packing.documents(encoded["input_ids"], tokenizer.eos_token_id))
        if "prompt" not in self.columns:
            return view
        return replace(view, parts=["prompt" if label is None else "completion" for label in view.tokens])

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        """Prompts, and the completions that are right; of a whole text its beginning, and how it goes on."""
        if "prompt" in self.columns:
            prompts = {self.columns["prompt"]: rows[self.columns["prompt"]]}
            encoded = self._without_end(prompts, tokenizer, max_length)
            completions = [str(text or "").strip() for text in rows[self.columns["completion"]]]
            return [
                Question(str(text or ""), {"input_ids": ids}, expected=truth, judged=True)
                for text, ids, truth in zip(rows[self.columns["prompt"]], encoded, completions, strict=True)
                if ids
            ]
        found = []
        for ids in self._without_end(rows, tokenizer, max_length):
            given = ids[: min(len(ids) // 2, PROMPT_TOKENS)]
            follows = ids[len(given) : len(given) + PROMPT_TOKENS]
            if given:
                text, truth = (tokenizer.decode(part, skip_special_tokens=True) for part in (given, follows))
                found.append(Question(str(text), {"input_ids": given}, expected=str(truth)))
        return found

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        role = "prompt" if "prompt" in self.columns else "text"
        (ids,) = self._without_end({self.columns[role]: [text]}, tokenizer, max_length)
        if pair or not ids:
            raise FinetuiError("this is no prompt", text, "give one text of at least one token")
        return Question(text, {"input_ids": ids})

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        prompts = [question.encoded["input_ids"] for question in questions]
        texts = answering.continuations(model, tokenizer, prompts, max_new_tokens, stop)
        return [Answer(text.strip()) for text in texts]

    def _without_end(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[list[int]]:
        """Token ids without the end-of-sequence token, which would be the end of the talk."""
        encoded: list[list[int]] = self._encode_rows(rows, tokenizer, max_length)["input_ids"]
        return [ids[:-1] if ids and ids[-1] == tokenizer.eos_token_id else ids for ids in encoded]

    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        """Labels are padded with -100, never derived from the pad token: it may be the end-of-sequence token."""
        from transformers import DataCollatorForSeq2Seq

        return DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=IGNORED)

    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> torch.Tensor:
        """The most probable next token at each position, [batch, length] int64."""
        scores: torch.Tensor = first(logits)
        return scores.argmax(-1)

    def reader(self, encoded: Dataset | None) -> Reader:
        """The learned tokens of each row: `exact_match` is the share of rows whose every one is the most probable.

        Given the true tokens before it, that is the case exactly where greedy generation from the prompt writes the
        completion and then ends; so no generation is needed.
        """

        def read(prediction: EvalPrediction) -> Pairs:
            truth = array(prediction.label_ids)[:, 1:]
            guess = array(prediction.predictions)[:, :-1]
            learned = truth != IGNORED
            rows = [index for index in range(len(truth)) if learned[index].any()]
            said, right = ([side[index][learned[index]].tolist() for index in rows] for side in (guess, truth))
            return {"ids": (said, right)}

        return read

    def _texts(self, rows: Rows) -> tuple[list[str], list[int]]:
        """Whole texts, and how many characters of each are prompt."""
        if "text" in self.columns:
            texts = [str(text or "") for text in rows[self.columns["text"]]]
            return texts, [0] * len(texts)
        prompts = [str(text or "") for text in rows[self.columns["prompt"]]]
        completions = [str(text or "") for text in rows.get(self.columns["completion"], [""] * len(prompts))]
        return [a + b for a, b in zip(prompts, completions, strict=True)], [len(a) for a in prompts]
