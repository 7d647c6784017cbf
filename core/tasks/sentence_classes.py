"""sentence-transformers' Trainer, losses and model. An extra: whoever trains no embeddings needs none of it."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

from core.errors import FinetuiError

if TYPE_CHECKING:
    import torch
    from transformers import (
        PreTrainedConfig,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        Trainer,
        TrainingArguments,
    )

ELSEWHERE = {
    "label_smoothing_factor": "the losses of embeddings have no classes to smooth",
    "neftune_noise_alpha": "sentence-transformers hands no embeddings of tokens out, so noise cannot be put on them",
    "multi_dataset_batch_sampler": "a run has one dataset",
    "prompts": "put them into the texts",
    "router_mapping": "a run has one model",
    "warmup_ratio": "it is called warmup_steps (a number below 1 is a share of all steps)",
}
"""Fields of the arguments that do nothing here, or that have another name -> what to do instead."""
OUTPUT = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}


def arguments() -> type[TrainingArguments]:
    """The arguments of training embeddings.

    Raises:
        FinetuiError: sentence-transformers is not installed.
    """
    found: type[TrainingArguments] = library().SentenceTransformerTrainingArguments
    return found


def trainer() -> type[Trainer]:
    """The SentenceTransformerTrainer, over rows that are tokenized already.

    It takes whatever its collator gives: of `anchor_input_ids`, `positive_input_ids`, ... it makes the inputs of its
    losses. So the columns of `encode` and our own collator go in as they are, and nothing is tokenized a second time,
    as its own collator would: inspector, pre-flight and training have the same tensors.

    Raises:
        FinetuiError: sentence-transformers is not installed.
    """
    from transformers import Trainer

    class Embeddings(library().SentenceTransformerTrainer):  # type: ignore[misc]
        def __init__(self, *args: Any, compute_metrics: Any = None, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            # Behind its back: it evaluates texts with objects of its own, and warns of `compute_metrics`.
            self.compute_metrics = compute_metrics
            self.args.prediction_loss_only = compute_metrics is None

        def prediction_step(
            self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: Any = None
        ) -> tuple[Any, Any, Any]:
            """The loss, the embeddings [rows, texts, dimensions], and the scores (0 where there are none)."""
            import torch
            from sentence_transformers.base.losses.merged_forward import embed_columns

            features, labels = self.collect_features(self._prepare_inputs(inputs))
            with torch.no_grad(), self.compute_loss_context_manager():
                found = embed_columns(model, features)
                loss = self.loss.compute_loss_from_embeddings(found, labels)
            if prediction_loss_only:
                return loss.detach(), None, None
            stacked = torch.stack(found, 1).float()
            return loss.detach(), stacked, stacked.new_zeros(len(stacked)) if labels is None else labels

        def get_train_dataloader(self) -> Any:
            if self.args.train_sampling_strategy == "sequential":
                return Trainer.get_train_dataloader(self)
            return super().get_train_dataloader()

        def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
            """In the order of the split: with its own shuffling the loss, which compares the rows of a batch with one
            another, would change from one evaluation to the next by chance alone."""
            return Trainer.get_eval_dataloader(self, eval_dataset)

        def _remove_unused_columns(self, dataset: Any, description: str | None = None) -> Any:
            return dataset

        def _load_from_checkpoint(self, path: str, model: Any = None) -> None:
            """Into the model that is there; the library's own way makes a second one, and knows no adapter."""
            Trainer._load_from_checkpoint(self, path, self.model.transformers_model)
            for module, saved in zip(list(self.model)[1:], further_modules(path), strict=True):
                module.load_state_dict(saved.state_dict())

        def add_model_card_callback(self, default_args_dict: Any) -> None:
            """Nothing: what it gathers for a page on the Hub draws random numbers."""

        def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
            import torch
            from transformers.trainer import TRAINING_ARGS_NAME

            folder = output_dir or self.args.output_dir
            self.model.save_pretrained(folder, create_model_card=False)
            torch.save(self.args, f"{folder}/{TRAINING_ARGS_NAME}")

    return Embeddings


TODAY: dict[str, tuple[str, dict[str, Any]]] = {
    "MultipleNegativesSymmetricRankingLoss": (
        "MultipleNegativesRankingLoss",
        {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"},
    ),
}
"""Losses whose own class warns of its end -> the class and the options that it is made of."""


def loss(name: str, model: Any) -> torch.nn.Module:
    """A loss of the library by its name, with its own defaults."""
    from sentence_transformers.sentence_transformer import losses

    today, options = TODAY.get(name, (name, {}))
    found: torch.nn.Module = getattr(losses, today)(model, **options)
    return found


def around(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    ref: str | None,
    revision: str | None = None,
    pooling: str | None = None,
    max_length: int | None = None,
) -> Any:
    """A SentenceTransformer over a model that is loaded already, adapter and all; no random numbers are drawn.

    Args:
        ref: folder or Hub id whose further modules (pooling, normalization) count, where it has such.
        pooling: instead of those: mean, cls, max or lasttoken.
        max_length: tokens of a text; kept with the model.
    """
    from sentence_transformers.sentence_transformer.modules import Pooling

    transformer = _transformer(model, tokenizer)
    if max_length is not None:
        transformer.max_seq_length = max_length
    more = further_modules(ref, revision) if ref and pooling is None else []
    if not more:
        more = [Pooling(transformer.get_embedding_dimension(), pooling or default_pooling(model.config))]
    return library().SentenceTransformer(modules=[transformer, *more], device=str(model.device))


def further_modules(ref: str, revision: str | None = None) -> list[Any]:
    """What stands behind the transformer in a model of sentence-transformers; empty where it is none.

    Raises:
        FinetuiError: one of them is code that comes with the model.
    """
    import json
    from pathlib import Path

    from sentence_transformers.util import import_from_string

    found = modules_file(ref, revision)
    if found is None:
        return []
    modules = []
    for entry in json.loads(Path(found).read_text(encoding="utf-8"))[1:]:
        if not entry["type"].startswith("sentence_transformers."):
            raise FinetuiError(
                f"{entry['type']} is code that comes with the model",
                f"modules.json of {ref}",
                "set embedding.pooling: mean, cls, max or lasttoken, to do without",
                key="embedding.pooling",
            )
        module: Any = import_from_string(entry["type"])
        modules.append(module.load(ref, subfolder=entry["path"], revision=revision))
    return modules


def modules_file(ref: str, revision: str | None = None) -> str | None:
    """The list of modules that makes a model one of sentence-transformers; None where there is none."""
    from transformers.utils import cached_file

    found: str | None = cached_file(
        ref,
        "modules.json",
        revision=revision,
        _raise_exceptions_for_gated_repo=False,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    return found


def library() -> Any:
    """The package.

    Raises:
        FinetuiError: it is not installed.
    """
    try:
        import sentence_transformers

        return sentence_transformers
    except ImportError as error:
        raise FinetuiError(
            "sentence-transformers is not installed",
            f"the task feature-extraction trains with it; {error}",
            "pip install 'finetui[embeddings]'",
            key="task",
        ) from error


def _transformer(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Any:
    """The library's module around the model. Its constructor only knows how to load one."""
    from sentence_transformers.sentence_transformer.modules import Transformer

    class Given(Transformer):
        def _load_config(self, *args: Any, **kwargs: Any) -> Any:
            return model.config, False

        def _load_model(self, *args: Any, **kwargs: Any) -> Any:
            return model

    with tempfile.TemporaryDirectory(prefix="finetui-tokenizer-") as folder:
        tokenizer.save_pretrained(folder)
        module: Any = Given(folder, modality_config=OUTPUT, module_output_name="token_embeddings")
    module.__class__ = Transformer  # the class is written down with the model, for whoever loads it
    return module


def default_pooling(architecture: PreTrainedConfig) -> str:
    """As the library has it for models that are no sentence-transformers."""
    architectures = architecture.architectures or [""]
    return "lasttoken" if architectures[0].endswith("ForCausalLM") else "mean"
