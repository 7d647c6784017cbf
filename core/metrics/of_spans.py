"""Metrics of entities and of answers, as `evaluate.Metric` objects that keep everything in memory."""

from __future__ import annotations

import warnings

import evaluate
from datasets import Features, Value
from datasets import List as ListOf

from core.metrics import squad
from core.metrics.built_in import InMemory

_TAGS = Features(predictions=ListOf(Value("string")), references=ListOf(Value("string")))
_ANSWERS = Features(predictions=Value("string"), references=ListOf(Value("string")))


class Seqeval(InMemory):
    """Precision, recall and F1 of whole entities over all rows, and the accuracy of single words.

    An entity counts where its type and both its ends are right, as in the evaluation of CoNLL-2000 (Tjong Kim Sang and
    Buchholz, "Introduction to the CoNLL-2000 Shared Task: Chunking"); the figures are seqeval's. A figure that is 0/0,
    as precision is where no entity was predicted, is NaN.
    """

    def __init__(self) -> None:
        super().__init__("seqeval")

    def _info(self) -> evaluate.MetricInfo:
        about = type(self).__doc__ or ""
        return evaluate.MetricInfo(description=about, citation="", inputs_description=about, features=_TAGS)

    def _compute(self, predictions: list[list[str]], references: list[list[str]]) -> dict[str, float]:
        from seqeval.metrics import accuracy_score
        from seqeval.metrics.sequence_labeling import get_entities, precision_recall_fscore_support

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tags that are not prefixed, 0/0: the figures say it
            precision, recall, f1, _ = precision_recall_fscore_support(
                references, predictions, average="micro", zero_division=0
            )
            accuracy = accuracy_score(references, predictions)
            predicted, true = bool(get_entities(predictions)), bool(get_entities(references))
        nan = float("nan")
        return {
            "f1": float(f1) if predicted or true else nan,  # first: where there is room for one figure, it is this
            "precision": float(precision) if predicted else nan,
            "recall": float(recall) if true else nan,
            "accuracy": float(accuracy),
        }


class Squad(InMemory):
    """Exact match and F1 of answers, each the better one of all right answers, averaged over the rows; 0 to 1."""

    def __init__(self) -> None:
        super().__init__("squad")

    def _info(self) -> evaluate.MetricInfo:
        about = type(self).__doc__ or ""
        return evaluate.MetricInfo(description=about, citation="", inputs_description=about, features=_ANSWERS)

    def _compute(self, predictions: list[str], references: list[list[str]]) -> dict[str, float]:
        pairs = [(said, right or [""]) for said, right in zip(predictions, references, strict=True)]
        exact = [max(squad.exact(said, truth) for truth in right) for said, right in pairs]
        overlap = [max(squad.f1(said, truth) for truth in right) for said, right in pairs]
        return {"exact_match": sum(exact) / len(pairs), "f1": sum(overlap) / len(pairs)}


METRICS: dict[str, type[Seqeval | Squad]] = {"seqeval": Seqeval, "squad": Squad}
