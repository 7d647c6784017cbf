"""Supervised fine-tuning on conversations: the loss is on what the assistant says, through TRL's SFTTrainer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from core import answering
from core.chat import encoding, templates
from core.data import columns
from core.data.columns import Role
from core.data.conversations import COMPLETION, HISTORY, INPUT, LOOK_ROWS, MESSAGES, PROMPT, SYSTEM, Message, Shape
from core.errors import BadRow, FinetuiError
from core.tasks import trl_classes
from core.tasks.base import IGNORED, Answer, LabelView, Question, Rows
from core.tasks.causal_lm import CausalLM

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import (
        EvalPrediction,
        PreTrainedConfig,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        Trainer,
        TrainingArguments,
    )

    from core.config import DataConfig, RunConfig

Read = TypeVar("Read")

MODEL_INPUTS = ("input_ids", "attention_mask", "labels")


class Chat(CausalLM):
    """A language model that learns to answer."""

    roles: ClassVar[tuple[Role, ...]] = (MESSAGES, PROMPT, INPUT, COMPLETION, SYSTEM, HISTORY)
    loss_in_metrics = False
    zero_without_labels = True  # as the SFTTrainer has it
    argument_defaults: ClassVar[dict[str, Any]] = {"learning_rate": 2e-5}
    fixed_arguments: ClassVar[dict[str, Any]] = {"dataset_kwargs": {"skip_prepare_dataset": True}}
    set_elsewhere = trl_classes.SFT_ELSEWHERE
    _packing = False

    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        self.shape = Shape(self.roles, train.column_names, data.columns)
        self.columns = self.shape.columns
        if evaluation is not None:
            columns.require(self.columns, evaluation.column_names, data.eval_split or "evaluation")
        self.label_names = []
        self.notes = [self.shape.note(train.select(range(min(LOOK_ROWS, len(train)))))]
        self._example = next(iter(self.shape.readable(train)))

    @classmethod
    def trainer_class(cls) -> type[Trainer]:
        return trl_classes.sft_trainer()

    @classmethod
    def why_no_loop(cls, config: RunConfig, architecture: PreTrainedConfig) -> str:
        if config.training.arguments().get("label_smoothing_factor"):
            return "with label smoothing TRL runs every batch twice, which draws other random numbers"
        if config.model.quantization is not None:
            return "TRL trains adapters of a quantized base in bfloat16"
        if hasattr(architecture.get_text_config(), "output_router_logits"):
            return "TRL adds the balance of the experts to the loss"
        return ""

    @classmethod
    def arguments_class(cls) -> type[TrainingArguments]:
        return trl_classes.sft_config()

    def meet(self, tokenizer: PreTrainedTokenizerBase, config: RunConfig) -> None:
        templates.require(tokenizer)
        self.template_source = templates.source(config.model.chat_template)
        self.notes.append(f"chat template: {self.template_source}")
        self.notes.append(_learned(tokenizer, self._example))

    @property
    def default_metrics(self) -> list[str]:
        return ["perplexity"]

    def metrics(
        self, names: list[str], encoded: Dataset | None = None
    ) -> Callable[[EvalPrediction], dict[str, float]] | None:
        """None for perplexity: it follows from the loss, and TRL would run every batch twice for the logits."""
        return super().metrics(names, encoded) if set(names) - {"perplexity"} else None

    def of_loss(self, loss: float) -> dict[str, float]:
        return trl_classes.perplexity(loss)

    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        """Each row as one text, in the words of the chat template, cut at its end.

        Returns:
            the model's inputs, and `parts`: per token, its index in `core.chat.encoding.PARTS`.
        """
        templates.require(tokenizer)
        found = encoding.encode(tokenizer, read_each(rows, self.shape.read))
        return {
            "input_ids": [item.ids[:max_length] for item in found],
            "attention_mask": [[1] * len(item.ids[:max_length]) for item in found],
            "labels": [
                [token if learned else IGNORED for token, learned in zip(item.ids, item.learned, strict=True)][
                    :max_length
                ]
                for item in found
            ],
            "parts": [item.parts[:max_length] for item in found],
        }

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        """Each token of an answer is the label of its own position; the model shifts them by one."""
        names = [encoding.PARTS[part] for part in encoded.get("parts", [])]
        return replace(super().label_view(encoded, tokenizer), parts=names)

    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        pad = super().collator(tokenizer)

        def collate(features: list[Any]) -> dict[str, Any]:
            return pad([{name: row[name] for name in MODEL_INPUTS if name in row} for row in features])

        return collate

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        """Conversations up to their last answer, which is what is expected."""
        found = []
        for row in each(rows):
            messages = self.shape.read(row)
            last = max((index for index, message in enumerate(messages) if message["role"] == "assistant"), default=0)
            if last:
                found.append(_question(tokenizer, messages[:last], messages[last]["content"].strip()))
        return found

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        prompts, ends = [question.encoded["input_ids"] for question in questions], encoding.ends(tokenizer)
        texts = answering.continuations(model, tokenizer, prompts, max_new_tokens, stop, ends)
        return [Answer(text.strip()) for text in texts]

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        if pair or not text.strip():
            raise FinetuiError("this is no prompt", text, "give one text")
        return _question(tokenizer, [{"role": "user", "content": text}], None)


def _question(tokenizer: PreTrainedTokenizerBase, messages: list[Message], expected: str | None) -> Question:
    ids = encoding.prompt(tokenizer, messages)
    return Question(messages[-1]["content"], {"input_ids": ids}, expected=expected)


def each(rows: Rows) -> Iterator[dict[str, Any]]:
    """The rows of a batch, one by one."""
    count = len(next(iter(rows.values()), ()))
    return ({name: values[index] for name, values in rows.items()} for index in range(count))


def read_each(rows: Rows, read: Callable[[Mapping[str, Any]], Read]) -> list[Read]:
    """What `read` makes of each row of a batch.

    Raises:
        BadRow: it raised a FinetuiError for one.
    """
    found = []
    for index, row in enumerate(each(rows)):
        try:
            found.append(read(row))
        except FinetuiError as error:
            raise BadRow(index, error) from error
    return found


def _learned(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> str:
    """What is learned of a conversation, and whether the ends of its answers are."""
    (item,) = encoding.encode(tokenizer, [messages])
    answers = encoding.answers(item)
    ends = {encoding.end_of(tokenizer, answer) for answer in answers}
    said = "the loss is on what the assistant says"
    if not answers:
        return f"{said}; the first row has nothing of that"
    if None not in ends:
        return f"{said}, with the token that ends its turn: {', '.join(filter(None, ends))}"
    if ends == {None}:
        return f"{said}; no token of its own ends its turn: it may not learn to stop"
    return f"{said}; only the last turn has a token that ends it: {', '.join(filter(None, ends))}"
