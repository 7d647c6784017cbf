"""Names of the built-in metrics."""

AVERAGES = ("binary", "macro", "micro", "weighted")

PER_CLASS = ("f1", "precision", "recall")
"""Each also as f1_macro, f1_micro, f1_weighted; without a suffix binary for two classes, else macro."""

BUILT_IN: tuple[str, ...] = (
    "accuracy",
    *PER_CLASS,
    *(f"{name}_{average}" for name in PER_CLASS for average in AVERAGES),
    "matthews_correlation",
    "mse",
    "mae",
    "pearson",
    "spearman",
    "perplexity",
    "exact_match",
)
