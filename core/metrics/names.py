"""Every built-in metric, declared once: what it is given and says, whose figure it is, where it is undefined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["labels", "hot", "numbers", "texts", "ids", "tags", "answers", "rankings", "losses"]
"""What a metric compares: class ids, rows of 0 and 1 (one per class), numbers, texts, lists of token ids, lists of
tags, an answer with all that are right, candidates in their order with all that are right; or the losses of the
evaluation, in nats per token."""

KINDS: dict[Kind, str] = {
    "labels": "one class a row (token classification: a word)",
    "hot": "several classes a row (multi-label)",
    "numbers": "a number a row (regression)",
    "texts": "a text a row",
    "ids": "the tokens of a row",
    "tags": "the tags of a row of words",
    "answers": "an answer a row, and all that are right",
    "rankings": "a query with candidates, the best first, and all that are right",
    "losses": "the losses of the evaluation",
}

AVERAGES = ("binary", "macro", "micro", "weighted")

PER_CLASS = ("f1", "precision", "recall")
"""Each also as f1_macro, f1_micro, f1_weighted; without a suffix binary for two classes, else macro."""

USER = ":"
"""What the name of a metric of one's own has in it: `metrics.py:my_metric`."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A built-in metric.

    Attributes:
        kinds: what it can be given.
        about: its definition.
        library: whose figure it is; empty: our own.
        undefined: what it does where it is 0/0 or has nothing to measure.
        figures: what it says; its own name where it says one thing.
        two_classes: it is defined for two classes alone, class 1 the positive one.
    """

    name: str
    kinds: tuple[Kind, ...]
    about: str
    library: str = ""
    undefined: str = ""
    figures: tuple[str, ...] = ()
    two_classes: bool = False


_ABSENT = "absent without rows"
_MEANS = {"f1": "the harmonic mean of precision and recall", "precision": "the share of what was predicted that is so",
          "recall": "the share of what is so that was predicted"}  # fmt: skip
_OVER = {
    "macro": "the mean over the classes",
    "micro": "over all rows and classes together",
    "weighted": "the mean over the classes, each by its rows",
}


def _per_class() -> list[Declared]:
    found = []
    for name, about in _MEANS.items():
        library = f"scikit-learn `{name}_score`"
        zero = "a class that is 0/0 counts 0"
        both = "binary: absent where 0/0; macro: " + zero
        found.append(
            Declared(name, ("labels", "hot"), f"{about}; of class 1 for two classes, else macro", library, both)
        )
        binary = Declared(
            f"{name}_binary", ("labels",), f"{about}, of class 1", library, "absent where 0/0", two_classes=True
        )
        found.append(binary)
        found += [
            Declared(f"{name}_{average}", ("labels", "hot"), f"{about}, {over}", library, zero)
            for average, over in _OVER.items()
        ]
    return found


def _rouge() -> list[Declared]:
    library, zero = "rouge_score", "a row without a common word counts 0; words are of a-z and 0-9 alone"
    about = {
        "rouge1": "F1 of the words",
        "rouge2": "F1 of the pairs of words",
        "rougeL": "F1 of the longest common subsequence of words",
        "rougeLsum": "rougeL over lines, their union",
    }
    found = [
        Declared(name, ("texts",), f"{text}, the mean over rows, 0 to 1", library, zero) for name, text in about.items()
    ]
    return [*found, Declared("rouge", ("texts",), "all four", library, zero, tuple(about))]


def _glue() -> list[Declared]:
    """What the metric `glue` of the package evaluate 0.4 computes per subset (Wang et al., "GLUE", 2019, table 1)."""
    source = "as `evaluate.load('glue', SUBSET)`"
    matthews, accuracy = "Matthews' correlation", "accuracy"
    found = [Declared("glue/cola", ("labels",), matthews, source, "0 where constant", ("matthews_correlation",))]
    for name in ("mrpc", "qqp"):
        about, zero = "accuracy, and F1 of class 1", "F1: absent where 0/0"
        found.append(Declared(f"glue/{name}", ("labels",), about, source, zero, ("accuracy", "f1"), two_classes=True))
    correlations, constant = "Pearson's and Spearman's correlation", "absent where a side is constant"
    found.append(Declared("glue/stsb", ("numbers",), correlations, source, constant, ("pearson", "spearmanr")))
    for name in ("sst2", "mnli", "mnli_matched", "mnli_mismatched", "qnli", "rte", "wnli", "hans"):
        found.append(Declared(f"glue/{name}", ("labels",), accuracy, source, _ABSENT, ("accuracy",)))
    return found


TABLE: dict[str, Declared] = {
    metric.name: metric
    for metric in (
        Declared(
            "accuracy", ("labels", "hot"), "the share of right rows; multi-label: all of the row's classes are right",
            "scikit-learn `accuracy_score`", _ABSENT,
        ),
        *_per_class(),
        Declared(
            "matthews_correlation", ("labels",), "Matthews' correlation, -1 to 1", "scikit-learn `matthews_corrcoef`",
            "0 where a side is constant",
        ),
        Declared(
            "exact_match", ("texts", "ids", "labels", "hot"), "the share of rows that are equal as a whole",
            undefined=_ABSENT,
        ),
        Declared("mse", ("numbers",), "mean squared error", "numpy", "absent without rows, or with NaN"),
        Declared("mae", ("numbers",), "mean absolute error", "numpy", "absent without rows, or with NaN"),
        Declared(
            "pearson", ("numbers",), "Pearson's correlation, -1 to 1", "scipy `pearsonr`",
            "absent for fewer than two rows or a constant side",
        ),
        Declared(
            "spearman", ("numbers",), "Spearman's rank correlation, -1 to 1", "scipy `spearmanr`",
            "absent for fewer than two rows or a constant side",
        ),
        Declared(
            "perplexity", ("losses",), "exp of the mean loss", "numpy",
            "absent where it exceeds a float; of a smoothed loss or one of your own it is no perplexity",
        ),
        Declared(
            "seqeval", ("tags",), "precision, recall and F1 of whole entities; accuracy of words", "seqeval",
            "what is 0/0 is absent", ("f1", "precision", "recall", "accuracy"),
        ),
        Declared(
            "squad", ("answers",), "exact match and F1 of words, each the best of all right answers; 0 to 1",
            undefined="two answers without words are equal", figures=("exact_match", "f1"),
        ),
        Declared(
            "retrieval", ("rankings",), "the share of queries whose first candidate is right; the mean reciprocal "
            "rank of the first right one of ten", undefined="a query with none that is right counts 0",
            figures=("accuracy_at_1", "mrr_at_10"),
        ),
        Declared("bleu", ("texts",), "BLEU of the corpus, 0 to 100", "sacrebleu `corpus_bleu`", "0 without a match"),
        Declared("chrf", ("texts",), "chrF2 of the corpus, 0 to 100", "sacrebleu `corpus_chrf`", "0 without a match"),
        *_rouge(),
        *_glue(),
    )
}  # fmt: skip
"""By name."""

BUILT_IN: tuple[str, ...] = tuple(TABLE)

OF_TAGS: tuple[str, ...] = tuple(name for name, metric in TABLE.items() if "tags" in metric.kinds)
"""What gets a list of tags per row."""

OF_ANSWERS: tuple[str, ...] = tuple(name for name, metric in TABLE.items() if "answers" in metric.kinds)
"""What gets the text of one answer per row, and the list of all that are right."""

OF_RANKINGS: tuple[str, ...] = tuple(name for name, metric in TABLE.items() if "rankings" in metric.kinds)
"""What gets candidates per row, best first, and all that are right."""


def fitting(kinds: Sequence[Kind], classes: int) -> list[str]:
    """The names that a task has a use for.

    Args:
        kinds: what the task can give a metric.
        classes: how many there are; 0 where the task has none.
    """
    return [
        name
        for name, metric in TABLE.items()
        if set(metric.kinds) & {*kinds} and not (metric.two_classes and classes != 2)
    ]
