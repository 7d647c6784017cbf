"""What a task is: one subclass a file, each bound to the columns and labels of one dataset.

A task's file takes all the words that it is written in from here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from core import tokens
from core.data.columns import Role
from core.errors import FinetuiError
from core.tasks.label_view import IGNORED, LabelView
from core.tasks.questions import Answer, Question

if TYPE_CHECKING:
    import torch
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
    from core.metrics.names import Kind
    from core.predictions import Prediction
    from core.tasks.scoring import Reader

__all__ = ["IGNORED", "Answer", "LabelView", "Question", "Rows", "Task", "first"]

Rows = Mapping[str, Sequence[Any]]
"""A batch of dataset rows: column -> values."""


class Task(ABC):
    """A kind of problem, bound to a dataset.

    Attributes:
        columns: role -> column, guesses included.
        label_names: the classes, in the order of their ids; empty where there are none.
        notes: what was guessed, as lines for people.
        metric_kinds: what the task can give a metric, the first what it is about; empty: it takes none; None: unknown.
        template_source: where the chat template comes from, for people; empty where the task needs none.
    """

    roles: ClassVar[tuple[Role, ...]]
    auto_class: ClassVar[str]
    """Name of the transformers class that loads the model."""
    peft_task_type: ClassVar[str | None]
    """Name in `peft.TaskType`; None where PEFT has none for the task."""
    loss_in_metrics: ClassVar[bool] = False
    """Whether `compute_metrics` needs the losses of the evaluation batches."""
    zero_without_labels: ClassVar[bool] = False
    """Whether a batch without a label has the loss 0; else it is NaN."""
    loss_of_batches: ClassVar[bool] = False
    """Whether the loss of an evaluation is the mean over its batches, however many rows the last one has; else over
    its rows."""
    reads_in_order: ClassVar[bool] = False
    """Whether `reader` knows the elements by their place: they are then evaluated in their order, whatever is set."""
    kept_back: ClassVar[tuple[str, ...]] = ("row",)
    """What of `encode` the Trainer never sees."""
    fields: ClassVar[tuple[str, ...]] = ("text",)
    """The texts that one prediction takes at most, in words for people."""
    keeps_last: ClassVar[bool] = False
    """Whether the last of these texts stays for the next prediction: many questions on one context."""
    class_role: ClassVar[str] = ""
    """The role whose column has the class of a row, or of a word; empty where there are no classes to weigh."""
    why_no_loss: ClassVar[str] = ""
    """Why no loss of one's own can be computed; empty where it can."""
    never_in_loop: ClassVar[str] = ""
    """Why our own loop never has the losses of the Trainer, whatever is set; empty where `why_no_loop` decides."""
    writes: ClassVar[bool] = False
    """Whether a model of the task answers with text of its own, token by token."""
    config_beside_adapter: ClassVar[bool] = True
    """Whether the folder of an adapter gets the config of the whole model, with its head: then it loads on its own."""
    argument_defaults: ClassVar[dict[str, Any]] = {}
    """Where the defaults of `arguments_class` differ from those of `training:`."""
    fixed_arguments: ClassVar[dict[str, Any]] = {}
    """Arguments that are always so."""
    set_elsewhere: ClassVar[dict[str, str]] = {}
    """Fields of `arguments_class` that `training:` does not take -> what to do instead."""

    columns: dict[str, str]
    label_names: list[str]
    notes: list[str]
    metric_kinds: tuple[Kind, ...] | None = None
    template_source: str = ""

    @abstractmethod
    def __init__(self, data: DataConfig, train: Dataset, evaluation: Dataset | None) -> None:
        """Bind to the data.

        Raises:
            FinetuiError: a column is missing, or the labels cannot be learned.
        """

    def meet(self, tokenizer: PreTrainedTokenizerBase, config: RunConfig) -> None:
        """Hold the task against the tokenizer, before a run encodes anything; what it finds is added to `notes`.

        Raises:
            FinetuiError: they do not fit.
        """
        return

    @property
    @abstractmethod
    def default_metrics(self) -> list[str]:
        """The metrics that a config without `metrics` gets."""

    def settled(self) -> dict[str, Any]:
        """Fields of `data` that were left open and are decided now: a model in use goes by them."""
        return {}

    def settled_arguments(self, max_length: int | None) -> dict[str, Any]:
        """Fields of `training` that follow from the data where the config does not set them.

        Args:
            max_length: tokens per row; None where nothing limits them.
        """
        return {}

    @abstractmethod
    def model_options(self) -> dict[str, Any]:
        """Fields of the model's config that the data decides: `num_labels`, `id2label`, ..."""

    @abstractmethod
    def encode(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> dict[str, list[Any]]:
        """The model's inputs for a batch of rows, unpadded.

        Returns:
            input name -> one list of ints (or one label) per row; rows longer than `max_length` tokens are cut. Where a
            row becomes several elements or none, `row` has the index into `rows` of each.
        """

    @property
    def packs(self) -> bool:
        """Whether `encode` puts rows end to end: a split is then encoded through `core.tasks.packing.Parts`."""
        return False

    def encode_unpacked(self, rows: Rows, tokenizer: PreTrainedTokenizerBase) -> dict[str, list[Any]]:
        """Each row by itself, uncut, where `packs` holds."""
        raise NotImplementedError

    @abstractmethod
    def collator(self, tokenizer: PreTrainedTokenizerBase) -> Callable[[list[Any]], dict[str, Any]]:
        """Pads encoded rows to the longest of their batch and stacks them into tensors [batch, length].

        One that draws has an attribute `epoch`: None for an evaluation, where it draws alike each time.
        """

    @abstractmethod
    def reduce_logits(self, logits: Any, labels: torch.Tensor) -> torch.Tensor:
        """What the metrics need of the logits, so that evaluation does not hold all of them."""

    def written(
        self, model: PreTrainedModel, batch: Mapping[str, Any], arguments: TrainingArguments, stop: Callable[[], bool]
    ) -> torch.Tensor | None:
        """What the model writes of itself in an evaluation, in the place of the logits; None where these are all.

        Args:
            stop: looked at between generated tokens; once it holds, what is returned counts for nothing.
        """
        return None

    def reader(self, encoded: Dataset | None) -> Reader:
        """How one evaluation's reduced logits become rows that metrics compare, a batch or all of it at a time.

        Args:
            encoded: the elements that are evaluated, in their order, with what is kept back from the Trainer.
        """
        raise NotImplementedError

    def metrics(
        self, names: list[str], encoded: Dataset | None = None
    ) -> Callable[[EvalPrediction], dict[str, float]] | None:
        """A `compute_metrics` for the Trainer over the reduced logits; None where these need no logits.

        Args:
            encoded: the elements that are evaluated, in their order, with what is kept back from the Trainer.
        """
        from core.tasks.scoring import Scoring

        if self.metric_kinds == ():
            return None
        return Scoring(names, lambda: self.reader(encoded), self.label_names, self.reads_in_order)

    def choices(self, architecture: PreTrainedConfig) -> int | None:
        """What a cross-entropy of the task chooses from: the classes, or the tokens; None where nobody knows."""
        return len(self.label_names) or getattr(architecture.get_text_config(), "vocab_size", None)

    def of_loss(self, loss: float) -> dict[str, float]:
        """Figures that follow from the loss of an evaluation, whatever `metrics` computes."""
        return {}

    def encoding_notes(self, encoded: Dataset, max_length: int | None) -> list[str]:
        """What encoding did to a split that a person should know, as lines."""
        return []

    @classmethod
    def trainer_class(cls) -> type[Trainer]:
        """The Trainer whose training this is; imported when it is first asked for."""
        from transformers import Trainer

        return Trainer

    @classmethod
    def arguments_class(cls) -> type[TrainingArguments]:
        """The class behind `training:`, whose fields and defaults it takes."""
        from transformers import TrainingArguments

        return TrainingArguments

    @classmethod
    def why_no_loop(cls, config: RunConfig, architecture: PreTrainedConfig) -> str:
        """Why our own loop would not have the losses of the task's Trainer; empty where it has."""
        return ""

    def trainer_options(self, model: PreTrainedModel, arguments: TrainingArguments) -> dict[str, Any]:
        """What this task's Trainer is built with besides what every Trainer takes."""
        return {}

    def loss_of(
        self, model: PreTrainedModel, arguments: TrainingArguments
    ) -> Callable[[dict[str, torch.Tensor]], torch.Tensor]:
        """From a collated batch to the loss that the task's Trainer makes of it; the memory estimate runs it."""
        return lambda batch: model(**batch).loss

    def frozen_copies(self, config: RunConfig) -> int:
        """How many frozen copies of the model the task's Trainer holds beside it."""
        return 0

    def label_view(self, encoded: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase) -> LabelView:
        """What the loss sees of one encoded row: an element of what `encode` gives."""
        labels = encoded.get("labels")
        if labels is None:
            return LabelView()
        if isinstance(labels, list):
            return LabelView([None if token == IGNORED else tokens.piece(tokenizer, token) for token in labels])
        return LabelView(row=self.label_names[labels] if self.label_names else f"{labels:g}")

    def sequences(self, encoded: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What of an encoded row goes through the model on its own: the row, or several; `label_view` takes each."""
        return [dict(encoded)]

    def questions(self, rows: Rows, tokenizer: PreTrainedTokenizerBase, max_length: int | None) -> list[Question]:
        """Rows of the dataset as questions; none where the task has no answers that a person could read."""
        return []

    def typed_question(
        self, text: str, pair: str | None, tokenizer: PreTrainedTokenizerBase, max_length: int | None
    ) -> Question:
        """What a person typed, as a question.

        Raises:
            FinetuiError: the task does not take it.
        """
        raise FinetuiError("this task has no samples", type(self).__name__, "look at its metrics")

    def answers(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        questions: Sequence[Question],
        max_new_tokens: int,
        stop: Callable[[], bool],
    ) -> list[Answer]:
        """What the model says, in one padded batch; no random numbers are drawn.

        Args:
            model: in evaluation mode; gradients are off.
            max_new_tokens: for tasks that generate.
            stop: looked at between generated tokens; once it holds, what is returned counts for nothing.
        """
        raise NotImplementedError

    @classmethod
    def asked(cls, columns: Mapping[str, str]) -> tuple[str, ...]:
        """Which texts a model in use is asked with, given the columns that it was trained on (none if unknown)."""
        return cls.fields

    def is_right(self, question: Question, answer: Answer) -> bool | None:
        """Whether an answer is right; None where nobody judges."""
        return answer.text == question.expected if question.judged else None

    @classmethod
    def in_use(cls, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, ref: str) -> Any:
        """A loaded model as `predict` takes it.

        Args:
            ref: the folder or Hub id that it comes from.
        """
        return model

    @classmethod
    def predict(
        cls,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        texts: Sequence[str],
        max_length: int | None,
        data: DataConfig | None,
    ) -> Prediction:
        """What a model in use says to what a person typed; no dataset is there.

        Args:
            model: in evaluation mode.
            texts: one per field of the task; later ones may be left out where they were in training.
            data: of the run that trained the model, where there is one.

        Raises:
            FinetuiError: the texts cannot be asked.
        """
        raise NotImplementedError


def first(logits: Any) -> Any:
    """The logits themselves where a model returns a tuple that starts with them."""
    return logits[0] if isinstance(logits, tuple) else logits
