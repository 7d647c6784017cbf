"""The script of a token classification."""

from __future__ import annotations

from typing import Any

from core import metrics as core_metrics
from core.scripts import metrics
from core.scripts.run import ScriptRun
from core.scripts.sequence_classification import evaluation, label_ids
from core.scripts.task_script import TaskScript
from core.scripts.writing import fill, literal
from core.tasks import words

ENCODE = """
    $label_ids
    def tokenize(rows):
        $words
        encoded = tokenizer($given)
        encoded["labels"] = []
        for index, tags in enumerate(rows[$tags]):
            # The first token of a word carries its tag. The loss leaves out the others (-100).
            before, labels = None, []
            for word in encoded.word_ids(index):
                labels.append(-100 if word is None or word == before else tags[word])
                before = word
            encoded["labels"].append([label if label == -100 else $id for label in labels])
        return encoded


    # Rows are padded later, batch by batch: each to the longest of its own.
    train = data[$train].map(tokenize, batched=True, remove_columns=data[$train].column_names)
    $evaluation
"""
GUESS = """
    def keep_guesses(logits, labels):
        \"\"\"The most probable tag of each token: the metrics need no more of the logits.\"\"\"
        return logits.argmax(-1)
"""
SEQEVAL = """
    # Entities are compared as a whole: type, first word, last word. A figure that is 0/0 is none (nan).
    said = [[LABELS[tag] for tag in row] for row in guesses]
    right = [[LABELS[tag] for tag in row] for row in labels]
    predicted, true = get_entities(said), get_entities(right)
"""
GET_ENTITIES = "from seqeval.metrics.sequence_labeling import get_entities"
ENTITIES = {
    "precision": 'precision_score(right, said, zero_division=0) if predicted else "nan"',
    "recall": 'recall_score(right, said, zero_division=0) if true else "nan"',
    "f1": 'f1_score(right, said, zero_division=0) if predicted or true else "nan"',
    "accuracy": "accuracy_score(right, said)",
}


def script(run: ScriptRun) -> TaskScript:
    """The parts of a token classification."""
    task, data = run.task, run.config.data
    constants: dict[str, Any] = {"MAX_LENGTH": data.max_length} if data.max_length else {}
    constants["LABELS"] = task.label_names
    mapping, expression = label_ids(run)
    tokens = f"rows[{literal(task.columns['tokens'])}]"
    before = ""
    if words._marks_spaces(run.tokenizer):
        before = (
            "# This tokenizer has other tokens for a word after a space than at the beginning.\n"
            f'words = [[f" {{word}}" if index else word for index, word in enumerate(row)] for row in {tokens}]'
        )
        tokens = "words"
    limit = ", truncation=True, max_length=MAX_LENGTH" if data.max_length else ""
    code = fill(
        ENCODE,
        label_ids=mapping,
        words=before,
        given=f"{tokens}, is_split_into_words=True{limit}",
        tags=literal(task.columns["tags"]),
        id=expression.replace("value", "label"),
        train=literal(data.train_split),
        evaluation=evaluation(run, "tokenize, batched=True"),
    )
    imports, score = _score(run.config.metrics or [], len(task.label_names))
    return TaskScript(
        ["from transformers import DataCollatorForTokenClassification", *imports],
        constants,
        code,
        "DataCollatorForTokenClassification(tokenizer)",
        {
            "num_labels": "len(LABELS)",
            "id2label": "dict(enumerate(LABELS))",
            "label2id": "{name: index for index, name in enumerate(LABELS)}",
        },
        fill(GUESS),
        score,
        items='(batch["labels"] != -100).sum()',
    )


def _score(names: list[str], classes: int) -> tuple[list[str], str]:
    """Of each row the tags of its words; for metrics of single words all of them in one list."""
    if not names:
        return [], ""
    lines = [
        "# Only where a word begins.",
        "rows = [(guess[label != -100], label[label != -100]) for guess, label in zip(guesses, labels)]",
        "guesses, labels = [guess for guess, _ in rows], [label for _, label in rows]",
    ]
    imports, entries = [], []
    if any(name in core_metrics.OF_TAGS for name in names):
        imports += [
            GET_ENTITIES,
            *(f"from seqeval.metrics import {call.partition('(')[0]}" for call in ENTITIES.values()),
        ]
        lines.append(fill(SEQEVAL))
        entries = [f"    {literal(name)}: float({call})," for name, call in ENTITIES.items()]
    others = [name for name in names if name not in core_metrics.OF_TAGS]
    if others:
        # seqeval and scikit-learn call their functions alike.
        more, returned = metrics.score(others, classes)
        if entries:
            imports = [GET_ENTITIES, "from seqeval import metrics as entities"]
            entries = [entry.replace("float(", "float(entities.") for entry in entries]
        imports += ["import numpy as np", *more]
        lines.append("guesses, labels = np.concatenate(guesses), np.concatenate(labels)")
        tail = returned.splitlines()
        lines += [tail[0], *entries, *tail[1:]] if tail[0] == "return {" else [returned]
    else:
        lines += ["return {", *entries, "}"]
    return imports, "\n".join(lines)
