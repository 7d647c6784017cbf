"""Metrics by name, as source over scikit-learn, scipy, numpy, sacrebleu and rouge_score."""

from __future__ import annotations

from core import user_code
from core.metrics.names import PER_CLASS, TABLE
from core.metrics.texts import ROUGE
from core.scripts import own_code
from core.scripts.writing import literal

_MATTHEWS = ("from sklearn.metrics import matthews_corrcoef", "matthews_corrcoef(labels, guesses)")
_ACCURACY = ("from sklearn.metrics import accuracy_score", "accuracy_score(labels, guesses)")
_PEARSON = ("from scipy.stats import pearsonr", "pearsonr(np.float64(guesses), np.float64(labels)).statistic")
_SPEARMAN = ("from scipy.stats import spearmanr", "spearmanr(np.float64(guesses), np.float64(labels)).statistic")
SIMPLE = {
    "accuracy": _ACCURACY,
    "matthews_correlation": _MATTHEWS,
    "mse": ("import numpy as np", "np.mean(np.subtract(guesses, labels, dtype=np.float64) ** 2)"),
    "mae": ("import numpy as np", "np.mean(np.abs(np.subtract(guesses, labels, dtype=np.float64)))"),
    "pearson": _PEARSON,
    "spearman": _SPEARMAN,
    "exact_match": ("import numpy as np", "np.mean([np.array_equal(*pair) for pair in zip(guesses, labels)])"),
    # In the precision of Python's own floats: the mean of many losses is not rounded before it is raised.
    "perplexity": ("import numpy as np", "np.exp(np.mean(losses, dtype=np.float64))"),
    "bleu": ("import sacrebleu", "sacrebleu.corpus_bleu(guesses, [labels]).score"),
    "chrf": ("import sacrebleu", "sacrebleu.corpus_chrf(guesses, [labels]).score"),
}
"""Metric -> import, expression over lists of `guesses`, `labels` and `losses`."""
FIGURES = {"matthews_correlation": _MATTHEWS, "accuracy": _ACCURACY, "pearson": _PEARSON, "spearmanr": _SPEARMAN}
"""Figure of one of GLUE's metrics -> the same."""
SCORER = "scorer = rouge_scorer.RougeScorer({names}, use_stemmer=False)"
ROUGES = "rouges = [scorer.score(target=label, prediction=guess) for guess, label in zip(guesses, labels)]"


def score(
    names: list[str], num_labels: int | None = None, several: bool = False, given: str = "guesses, labels"
) -> tuple[list[str], str]:
    """Imports, and lines that return the metrics; both empty where none is asked for.

    Args:
        num_labels: how many classes there are, for what is averaged over them.
        several: a row may have several classes, so guesses and labels are rows of 0 and 1.
        given: what metrics of one's own and of the Hub are given, where it is something else.
    """
    imports: list[str] = []
    entries: dict[str, str] = {}
    before, later = [], []
    rouges = [kind for name in names if name.startswith("rouge") for kind in (ROUGE if name == "rouge" else (name,))]
    if rouges:
        imports += ["from rouge_score import rouge_scorer", "import numpy as np"]
        before += [SCORER.format(names=literal(list(dict.fromkeys(rouges)))), ROUGES]
    entries |= {kind: f"np.mean([row[{literal(kind)}].fmeasure for row in rouges])" for kind in rouges}
    for name in names:
        base, _, average = name.partition("_")
        if name in SIMPLE:
            needed, entries[name] = SIMPLE[name]
            imports.append(needed)
        elif base in PER_CLASS and name in TABLE:
            average = average or ("binary" if num_labels in (None, 2) and not several else "macro")
            imports.append(f"from sklearn.metrics import {base}_score")
            entries[name] = _per_class(base, average)
        elif name.startswith("glue/") and name in TABLE:
            for figure in TABLE[name].figures:
                if figure == "f1":
                    imports.append("from sklearn.metrics import f1_score")
                    entries[figure] = _per_class("f1", "binary")
                else:
                    needed, entries[figure] = FIGURES[figure]
                    imports.append(needed)
        elif user_code.is_code(name):
            later.append(f"figures({own_code.variable(name)}, {literal(own_code.function(name))}, {given})")
        elif name not in rouges and name != "rouge":
            imports.append("import evaluate")
            subset = [literal(part) for part in name.split("/", 1)]
            said, right = given.split(", ")
            later.append(f"evaluate.load({', '.join(subset)}).compute(predictions={said}, references={right})")
    if not entries and not later:
        return [], ""
    if any("np." in expression for expression in entries.values()):
        imports.append("import numpy as np")
    merged = "".join(f" | {expression}" for expression in later)
    if not entries:
        return imports, f"return {merged.removeprefix(' | ')}"
    written = [f"    {literal(name)}: float({expression})," for name, expression in entries.items()]
    return imports, "\n".join([*before, "return {", *written, "}" + merged])


def _per_class(name: str, average: str) -> str:
    # A binary score that is 0/0 is no figure; in an average such a class counts 0.
    undefined = 'float("nan")' if average == "binary" else "0.0"
    return f"{name}_score(labels, guesses, average={literal(average)}, zero_division={undefined})"
