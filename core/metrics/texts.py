"""Metrics of generated text, over sacrebleu and rouge_score: the packages whose figures papers report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from core.errors import FinetuiError

ROUGE = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def bleu(predictions: Sequence[str], references: Sequence[str]) -> float:
    """BLEU of the corpus, 0 to 100, one reference a row: sacrebleu with its defaults (13a, exponential smoothing)."""
    found = _package("sacrebleu").corpus_bleu(list(predictions), [list(references)])
    return float(found.score) if len(references) else math.nan


def chrf(predictions: Sequence[str], references: Sequence[str]) -> float:
    """chrF2 of the corpus, 0 to 100, one reference a row: sacrebleu with its defaults (6-grams of characters)."""
    found = _package("sacrebleu").corpus_chrf(list(predictions), [list(references)])
    return float(found.score) if len(references) else math.nan


def rouge(names: Sequence[str], predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """F1 by each of the names, the mean over the rows, 0 to 1, without stemming.

    rouge_score sees words of a-z and 0-9 alone: a text in another script has none, and counts 0.
    """
    scorer = _package("rouge_score.rouge_scorer").RougeScorer(list(names), use_stemmer=False)
    pairs = zip(predictions, references, strict=True)
    rows = [scorer.score(target=right, prediction=said) for said, right in pairs]
    if not rows:
        return dict.fromkeys(names, math.nan)
    return {name: math.fsum(row[name].fmeasure for row in rows) / len(rows) for name in names}


def require(name: str) -> None:
    """Import what a metric of texts is computed with.

    Raises:
        FinetuiError: it is not installed.
    """
    if name in ("bleu", "chrf"):
        _package("sacrebleu")
    elif name.startswith("rouge"):
        _package("rouge_score.rouge_scorer")


def _package(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise FinetuiError(
            f"{package} is not installed",
            f"BLEU and chrF are sacrebleu's, ROUGE is rouge_score's; {error}",
            "pip install 'finetui[text]'",
            key="metrics",
        ) from error
