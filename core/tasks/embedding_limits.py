"""What no embeddings are trained on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from core.errors import FinetuiError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.config import RunConfig


def without_other(columns: Mapping[str, str], named: Collection[str]) -> dict[str, str]:
    """Role -> column, without the negative where there is a score, or the other way round: the one that is named stays.

    Raises:
        FinetuiError: both are named.
    """
    if not {"negative", "score"} <= set(columns):
        return dict(columns)
    if {"negative", "score"} <= set(named):
        raise FinetuiError(
            "a row has a negative or a score",
            f"data.columns: negative: {columns['negative']}, score: {columns['score']}",
            "leave one of them out",
            key="data.columns.score",
        )
    other = "negative" if "score" in named else "score"
    return {role: column for role, column in columns.items() if role != other}


def check(config: RunConfig, tokenizer: PreTrainedTokenizerBase, ranks: bool) -> None:
    """Hold a config against what sentence-transformers can do.

    Args:
        ranks: what anchors find is ranked.

    Raises:
        FinetuiError: they do not fit.
    """
    from core import models

    if ranks and config.training.arguments().get("batch_eval_metrics"):
        raise FinetuiError(
            "a ranking is over all rows at once",
            "training.batch_eval_metrics: true",
            "leave it out: embeddings are small",
            key="training.batch_eval_metrics",
        )
    if config.training.arguments().get("train_sampling_strategy") == "group_by_length":
        raise FinetuiError(
            "embeddings are not trained on batches grouped by length",
            "training.train_sampling_strategy: group_by_length",
            "leave it out; what a batch may hold is training.batch_sampler, e.g. no_duplicates",
            key="training.train_sampling_strategy",
        )
    if models.load_config(config.model, tokenizer).is_encoder_decoder:
        raise FinetuiError(
            f"{config.model.label} is an encoder with a decoder",
            "its last hidden states are those of what it writes, not of the text",
            "choose an encoder (BERT, MiniLM, ...) or a decoder alone",
            key="model.id",
        )
