"""What simpler methods reach on the same split: without them a metric says little."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core import metrics
from core.errors import FinetuiError
from core.tasks.sequence_classification import SequenceClassification

if TYPE_CHECKING:
    from datasets import Dataset

    from core.tasks.base import Task


def score(task: Task, train: Dataset, evaluation: Dataset, names: list[str]) -> Iterator[tuple[str, dict[str, float]]]:
    """The majority class, then logistic regression on character TF-IDF, each with its metrics (prefix `eval_`).

    Deterministic: neither draws random numbers.

    Raises:
        FinetuiError: the task is not a classification.
    """
    if not isinstance(task, SequenceClassification) or task.labels.regression:
        raise FinetuiError(
            "there are baselines for classification only", "baselines: true", "leave `baselines` out", key="baselines"
        )
    import numpy as np
    from sklearn.dummy import DummyClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    # Weakly regularized and balanced: on small, uneven sets the defaults would make an easy opponent.
    regression = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
    methods = {
        "majority class": DummyClassifier(strategy="most_frequent"),
        "TF-IDF + logistic regression": make_pipeline(
            TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4)),
            OneVsRestClassifier(regression) if task.labels.several else regression,
        ),
    }
    train_texts, train_labels = task.plain(train)
    texts, labels = task.plain(evaluation)
    for name, method in methods.items():
        method.fit(train_texts, np.asarray(train_labels, dtype=int))
        said = method.predict(texts)
        scores = metrics.compute(names, said, np.asarray(labels, dtype=int), num_labels=len(task.label_names))
        yield name, {f"eval_{metric}": value for metric, value in scores.items()}
