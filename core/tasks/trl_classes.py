"""TRL's Trainers and their arguments. TRL is an extra: whoever trains no conversations needs none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import Trainer, TrainingArguments


SFT_ELSEWHERE = {
    "max_length": "it is `data.max_length`",
    "truncation_mode": "rows are cut at their end",
    "chat_template_path": "it is `model.chat_template`",
    "assistant_only_loss": "the loss is on what the assistant says alone",
    "completion_only_loss": "the loss is on what the assistant says alone",
    "packing": "conversations are not packed",
    "packing_strategy": "conversations are not packed",
    "eval_packing": "conversations are not packed",
    "padding_free": "batches are padded to their longest row",
    "pad_to_multiple_of": "batches are padded to their longest row",
    "eos_token": "it is the tokenizer's",
    "pad_token": "it is the tokenizer's",
    "model_init_kwargs": "what is known of the model stands under `model:`",
    "trust_remote_code": "it is `model.trust_remote_code`",
    "dataset_text_field": "columns are named under `data.columns`",
    "dataset_kwargs": "rows are tokenized by finetui",
    "dataset_num_proc": "rows are tokenized by finetui",
    "shuffle_dataset": "the Trainer shuffles the rows anew in every epoch",
}
DPO_ELSEWHERE = {
    "label_smoothing_factor": "it is `label_smoothing`: the share of the pairs that are the wrong way round",
    "max_length": "it is `data.max_length`",
    "truncation_mode": "rows are cut at their end",
    "padding_free": "TRL has turned it off for now",
    "pad_token": "it is the tokenizer's",
    "pad_to_multiple_of": "batches are padded to their longest row",
    "model_init_kwargs": "what is known of the model stands under `model:`",
    "trust_remote_code": "it is `model.trust_remote_code`",
    "dataset_num_proc": "rows are tokenized by finetui",
}
"""Fields of TRL's arguments that do nothing here, or would contradict the rest -> what to do instead."""


def sft_config() -> type[TrainingArguments]:
    """The arguments of supervised fine-tuning.

    Raises:
        FinetuiError: TRL is not installed.
    """
    found: type[TrainingArguments] = _class("SFTConfig")
    return found


def sft_trainer() -> type[Trainer]:
    """The SFTTrainer, with the perplexity of its loss at every evaluation.

    Raises:
        FinetuiError: TRL is not installed.
    """

    def evaluation_loop(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = super(with_perplexity, self).evaluation_loop(*args, **kwargs)
        for name, loss in list(found.metrics.items()):
            if name.endswith("_loss"):
                more = perplexity(loss).items()
                found.metrics.update({f"{name.removesuffix('_loss')}_{key}": value for key, value in more})
        return found

    with_perplexity: type[Trainer] = type(
        "SFTTrainer", (_class("SFTTrainer"),), {**_QUIET, "evaluation_loop": evaluation_loop}
    )
    return with_perplexity


def perplexity(loss: float) -> dict[str, float]:
    """That of an evaluation by its loss; empty where it exceeds a float."""
    from core import metrics

    return metrics.compute(["perplexity"], losses=[loss])


def dpo_config() -> type[TrainingArguments]:
    """The arguments of direct preference optimization.

    Raises:
        FinetuiError: TRL is not installed.
    """
    found: type[TrainingArguments] = _class("DPOConfig")
    return found


def dpo_trainer() -> type[Trainer]:
    """The DPOTrainer, which takes rows that are tokenized already as they are.

    Raises:
        FinetuiError: TRL is not installed.
    """

    def prepared(self: Any, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset

    return type("DPOTrainer", (_class("DPOTrainer"),), {**_QUIET, "_prepare_dataset": prepared})


def _nothing(self: Any, *args: Any, **kwargs: Any) -> None:
    """In place of what asks the network or writes a page that nobody reads."""


_QUIET = {"_send_telemetry": _nothing, "create_model_card": _nothing}
"""A run reports to nobody, and a checkpoint is no page on the Hub."""


def _class(name: str) -> Any:
    try:
        import trl

        return getattr(trl, name)
    except (ImportError, RuntimeError) as error:  # TRL wraps what its lazy modules raise
        raise FinetuiError(
            "TRL is not installed",
            f"the tasks chat and preference train with it; {error}",
            "pip install 'finetui[chat]'",
            key="task",
        ) from error
