"""The script of a classification, or of a regression."""

from __future__ import annotations

from typing import Any

from core.data import label_columns
from core.scripts import metrics
from core.scripts.run import ScriptRun
from core.scripts.task_script import TaskScript
from core.scripts.writing import fill, literal
from core.tasks import label_sets

GUESS = """
    def keep_guesses(logits, labels):
        \"\"\"The most probable class of each row: the metrics need no more of the logits.\"\"\"
        return logits.argmax(-1)
"""
GUESS_NUMBER = """
    def keep_guesses(logits, labels):
        \"\"\"The number that the model gives to each row.\"\"\"
        return logits.squeeze(-1)
"""
GUESS_SEVERAL = """
    def keep_guesses(logits, labels):
        \"\"\"1 for each class whose probability is at least $threshold, else 0: no more is needed.\"\"\"
        return (logits.sigmoid() >= $threshold).int()
"""
ENCODE = """
    $label_ids
    def tokenize(rows):
        $encoded
        $truth
        return encoded


    # Rows are padded later, batch by batch: each to the longest of its own.
    train = data[$train].map(tokenize, batched=True, remove_columns=data[$train].column_names)
    $evaluation
"""


def script(run: ScriptRun) -> TaskScript:
    """The parts of a classification."""
    task: Any = run.task
    data = run.config.data
    names = task.label_names
    constants: dict[str, Any] = {"MAX_LENGTH": data.max_length} if data.max_length else {}
    head = {"num_labels": "1", "problem_type": '"regression"'}
    if names:
        constants["LABELS"] = names
        head = {
            "num_labels": "len(LABELS)",
            "id2label": "dict(enumerate(LABELS))",
            "label2id": "{name: index for index, name in enumerate(LABELS)}",
        }
        if task.labels.several:
            head["problem_type"] = '"multi_label_classification"'
        elif getattr(run.architecture, "problem_type", None) is not None:  # the checkpoint may be of another kind
            head["problem_type"] = '"single_label_classification"'
    columns = [task.columns[role] for role in ("text", "text_pair") if role in task.columns]
    if task.labels.several:
        mapping, labels = _label_sets(run)
    else:
        mapping, expression = label_ids(run)
        labels = f"rows[{literal(task.columns['label'])}]"
        labels = labels if expression == "value" else f"[{expression} for value in {labels}]"
    imports, score = metrics.score(run.config.metrics or [], len(names) or None, task.labels.several)
    if score and task.labels.several:
        imports.append("import numpy as np")
        score = f"guesses, labels = np.int64(guesses), np.int64(labels)\n{score}"
    code = fill(
        ENCODE,
        label_ids=mapping,
        encoded=tokenizer_call(run, columns),
        truth=f'encoded["labels"] = {labels}',
        train=literal(data.train_split),
        evaluation=evaluation(run, "tokenize, batched=True"),
    )
    return TaskScript(
        ["from transformers import DataCollatorWithPadding", *imports],
        constants,
        code,
        "DataCollatorWithPadding(tokenizer)",
        head,
        _guess(run),
        score,
    )


def _guess(run: ScriptRun) -> str:
    if getattr(run.task, "labels").several:  # noqa: B009
        return fill(GUESS_SEVERAL, threshold=literal(label_sets.THRESHOLD))
    return fill(GUESS if run.task.label_names else GUESS_NUMBER)


def _label_sets(run: ScriptRun) -> tuple[str, str]:
    """Code that prepares the ids of labels (or nothing), and the rows of 0.0 and 1.0 of a batch."""
    task: Any = run.task
    column, ids = task.columns["label"], task.labels.ids
    if column == label_columns.COLUMN and column not in run.raw_columns:
        one_each = ", ".join(f"rows[{literal(name)}]" for name in task.label_names)
        return "", f"[[float(item) for item in row] for row in zip({one_each})]"
    values = f"rows[{literal(column)}]"
    if task.labels.multi_hot:
        return "", f"[[float(item) for item in row] for row in {values}]"
    if ids == {name: index for index, name in enumerate(task.label_names)}:
        return "", f"[[float(name in row) for name in LABELS] for row in {values}]"
    if all(value is not True and value is not False and value == index for value, index in ids.items()):
        return "", f"[[float(index in row) for index in range(len(LABELS))] for row in {values}]"
    held = "{LABEL_IDS[item] for item in row}"
    rows = f"[[float(index in {held}) for index in range(len(LABELS))] for row in {values}]"
    return f"LABEL_IDS = {literal(ids)}\n\n", rows


def tokenizer_call(run: ScriptRun, columns: list[str]) -> str:
    """`encoded = tokenizer(...)` over columns of a batch; missing texts are empty, numbers are written out."""
    texts = []
    for name in columns:
        sides = [split for split in (run.train, run.evaluation) if split is not None]
        clean = all(side.features[name].dtype == "string" and not side.data[name].null_count for side in sides)
        source = f"rows[{literal(name)}]"
        texts.append(source if clean else f'["" if text is None else str(text) for text in {source}]')
    limit = ["truncation=True", "max_length=MAX_LENGTH"] if run.config.data.max_length else []
    arguments = [*texts, *limit]
    line = f"encoded = tokenizer({', '.join(arguments)})"
    return line if len(line) < 96 else "encoded = tokenizer(\n" + "".join(f"    {part},\n" for part in arguments) + ")"


def label_ids(run: ScriptRun) -> tuple[str, str]:
    """Code that prepares the ids of labels (or nothing), and the id of a raw `value`."""
    ids = getattr(run.task, "labels").ids  # noqa: B009
    if not ids:
        return "", "float(value)"
    if all(value is not True and value is not False and value == index for value, index in ids.items()):
        return "", "value"
    return f"LABEL_IDS = {literal(ids)}\n\n", "LABEL_IDS[value]"


def evaluation(run: ScriptRun, how: str) -> str:
    """The line that tokenizes what is evaluated on; nothing where nothing is."""
    split = run.config.data.eval_split
    if split is None:
        return ""
    name = literal(split)
    return f"evaluation = data[{name}].map({how}, remove_columns=data[{name}].column_names)"
