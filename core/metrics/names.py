"""Names of the built-in metrics."""

AVERAGES = ("binary", "macro", "micro", "weighted")

PER_CLASS = ("f1", "precision", "recall")
"""Each also as f1_macro, f1_micro, f1_weighted; without a suffix binary for two classes, else macro."""

OF_LABELS: tuple[str, ...] = (
    "accuracy",
    *PER_CLASS,
    *(f"{name}_{average}" for name in PER_CLASS for average in AVERAGES),
    "matthews_correlation",
    "exact_match",
)
"""What compares classes, texts or token ids."""

BUILT_IN: tuple[str, ...] = (*OF_LABELS, "mse", "mae", "pearson", "spearman", "perplexity")

OF_TAGS: tuple[str, ...] = ("seqeval",)
"""What gets a list of tags per row. Its figures: precision, recall and f1 of entities, accuracy of words."""

OF_RANKINGS: tuple[str, ...] = ("retrieval",)
"""What gets candidates per row, best first, and all that are right. Its figures: accuracy_at_1, mrr_at_10."""

OF_ANSWERS: tuple[str, ...] = ("squad",)
"""What gets the text of one answer per row, and the list of all that are right. Its figures: exact_match, f1."""
