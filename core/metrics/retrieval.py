"""What a ranking of candidates is worth, as an `evaluate.Metric` object that keeps everything in memory."""

from __future__ import annotations

import evaluate
from datasets import Features, Value
from datasets import List as ListOf

from core.metrics.built_in import InMemory

_RANKINGS = Features(predictions=ListOf(Value("int64")), references=ListOf(Value("int64")))
DEEPEST = 10
"""Candidates of a ranking that count: what a ranking keeps, and the figure's own name has the number."""


class Retrieval(InMemory):
    """The share of queries whose first candidate is right, and the mean reciprocal rank of the first that is right.

    Of ten candidates each; a query with none that is right counts 0. Both as in the TREC-8 question answering track
    (Voorhees, 1999).
    """

    def __init__(self) -> None:
        super().__init__("retrieval")

    def _info(self) -> evaluate.MetricInfo:
        about = type(self).__doc__ or ""
        return evaluate.MetricInfo(description=about, citation="", inputs_description=about, features=_RANKINGS)

    def _compute(self, predictions: list[list[int]], references: list[list[int]]) -> dict[str, float]:
        ranks = [
            next((rank for rank, candidate in enumerate(said[:DEEPEST], 1) if candidate in right), None)
            for said, right in zip(predictions, map(set, references), strict=True)
        ]
        return {
            "accuracy_at_1": sum(rank == 1 for rank in ranks) / len(ranks),
            "mrr_at_10": sum(1 / rank for rank in ranks if rank) / len(ranks),
        }
