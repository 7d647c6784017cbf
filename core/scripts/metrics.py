"""Metrics by name, as source over scikit-learn, scipy and numpy."""

from __future__ import annotations

from core.metrics.names import PER_CLASS
from core.scripts.writing import literal

SCORES = {"f1": "f1_score", "precision": "precision_score", "recall": "recall_score"}
SIMPLE = {
    "accuracy": ("from sklearn.metrics import accuracy_score", "accuracy_score(labels, guesses)"),
    "matthews_correlation": ("from sklearn.metrics import matthews_corrcoef", "matthews_corrcoef(labels, guesses)"),
    "mse": ("import numpy as np", "np.mean(np.subtract(guesses, labels, dtype=np.float64) ** 2)"),
    "mae": ("import numpy as np", "np.mean(np.abs(np.subtract(guesses, labels, dtype=np.float64)))"),
    "pearson": ("from scipy.stats import pearsonr", "pearsonr(guesses, labels).statistic"),
    "spearman": ("from scipy.stats import spearmanr", "spearmanr(guesses, labels).statistic"),
    "exact_match": ("import numpy as np", "np.mean([guess == label for guess, label in zip(guesses, labels)])"),
    # In the precision of Python's own floats: the mean of many losses is not rounded before it is raised.
    "perplexity": ("import numpy as np", "np.exp(np.mean(losses, dtype=np.float64))"),
}
"""Metric -> import, expression over lists of `guesses`, `labels` and `losses`."""


def score(names: list[str], num_labels: int | None = None) -> tuple[list[str], str]:
    """Imports, and lines that return the metrics; both empty where none is asked for.

    Args:
        num_labels: how many classes there are, for what is averaged over them.
    """
    imports, entries, later = [], [], []
    for name in names:
        base, _, average = name.partition("_")
        if name in SIMPLE:
            needed, expression = SIMPLE[name]
            imports.append(needed)
            entries.append(f"    {literal(name)}: float({expression}),")
        elif base in PER_CLASS:
            function = SCORES[base]
            average = average or ("binary" if num_labels in (None, 2) else "macro")
            # A binary score that is 0/0 is no figure; in an average such a class counts 0.
            undefined = 'float("nan")' if average == "binary" else "0.0"
            imports.append(f"from sklearn.metrics import {function}")
            options = f"average={literal(average)}, zero_division={undefined}"
            entries.append(f"    {literal(name)}: float({function}(labels, guesses, {options})),")
        else:
            imports.append("import evaluate")
            subset = [literal(part) for part in name.split("/", 1)]
            later.append(f"evaluate.load({', '.join(subset)}).compute(predictions=guesses, references=labels)")
    if not entries and not later:
        return [], ""
    merged = "".join(f" | {expression}" for expression in later)
    if not entries:
        return imports, f"return {merged.removeprefix(' | ')}"
    return imports, "\n".join(["return {", *entries, "}" + merged])
