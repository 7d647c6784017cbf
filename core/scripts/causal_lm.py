"""The script of a language model: whole texts, packed texts, or prompts and completions."""

from __future__ import annotations

from typing import Any

from core.methods.kinds import SOFT_PROMPTS
from core.scripts import metrics
from core.scripts.run import ScriptRun
from core.scripts.sequence_classification import evaluation
from core.scripts.task_script import TaskScript
from core.scripts.writing import fill, literal

TEXTS = """
    def tokenize(rows):
        texts = [text or "" for text in rows[$text]]
        rows = [end(ids) for ids in tokenizer(texts)["input_ids"]]
        $cut
        return {"input_ids": rows, "attention_mask": [[1] * len(ids) for ids in rows], "labels": rows}
"""
PACKED = """
    def tokenize(rows):
        # Texts follow one another in blocks of one length; what is left over is a shorter block.
        texts = [text for text in rows[$text] if text and text.strip()]
        joined = [token for ids in tokenizer(texts)["input_ids"] for token in end(ids)]
        rows = [joined[start : start + MAX_LENGTH] for start in range(0, len(joined), MAX_LENGTH)]
        return {"input_ids": rows, "attention_mask": [[1] * len(ids) for ids in rows], "labels": rows}
"""
COMPLETIONS = """
    def tokenize(rows):
        encoded = {"input_ids": [], "attention_mask": [], "labels": []}
        for prompt, completion in zip(rows[$prompt], rows[$completion]):
            prompt, completion = prompt or "", completion or ""
            tokens = tokenizer(prompt + completion, return_offsets_mapping=True)
            ids = end(tokens["input_ids"])
            # The loss is on the completion and its end: a token that ends within the prompt is left out (-100).
            learned = [stop > len(prompt) for _, stop in tokens["offset_mapping"]]
            learned = [*learned[: len(ids) - 1], True]
            labels = [token if is_learned else -100 for token, is_learned in zip(ids, learned)]
            encoded["input_ids"].append(ids$slice)
            encoded["attention_mask"].append([1] * len(ids$slice))
            encoded["labels"].append(labels$slice)
        return encoded
"""
ENCODE = """
    $end


    $tokenize


    train = data[$train].map(tokenize, $how, remove_columns=data[$train].column_names)
    $evaluation
"""
NO_END = """
    def end(ids):
        \"\"\"This tokenizer has no token that ends a text.\"\"\"
        return list(ids)
"""
END = """
    def end(ids):
        \"\"\"The tokens with the one that ends a text, which the model learns to write.\"\"\"
        return ids if ids and ids[-1] == tokenizer.eos_token_id else [*ids, tokenizer.eos_token_id]
"""
GUESS = """
    def keep_guesses(logits, labels):
        \"\"\"The most probable next token at each place$virtual: the metrics need no more of the logits.\"\"\"
        return logits$part.argmax(-1)
"""
NO_GUESS = """
    def keep_guesses(logits, labels):
        \"\"\"The metrics follow from the loss: nothing of the logits is kept.\"\"\"
        return labels[:, :1]
"""
ALIGN = """
    # What stands at a place is the guess of the token after it.
    rows = [(guess[:-1], label[1:]) for guess, label in zip(guesses, labels)]
    guesses = [guess[label != -100].tolist() for guess, label in rows if (label != -100).any()]
    labels = [label[label != -100].tolist() for _, label in rows if (label != -100).any()]
"""


def script(run: ScriptRun) -> TaskScript:
    """The parts of a language model."""
    task, data = run.task, run.config.data
    constants: dict[str, Any] = {"MAX_LENGTH": data.max_length} if data.max_length else {}
    cut = "[:MAX_LENGTH]" if data.max_length else ""
    if "text" not in task.columns:
        columns = {role: literal(task.columns[role]) for role in ("prompt", "completion")}
        tokenize = fill(COMPLETIONS, slice=cut, **columns)
    elif data.packing:
        tokenize = fill(PACKED, text=literal(task.columns["text"]))
    else:
        shorter = "rows = [ids[:MAX_LENGTH] for ids in rows]" if cut else ""
        tokenize = fill(TEXTS, text=literal(task.columns["text"]), cut=shorter)
    # Texts are packed across the whole split: only its last block is short.
    how = "batched=True, batch_size=None" if data.packing else "batched=True"
    code = fill(
        ENCODE,
        end=fill(NO_END if run.tokenizer.eos_token_id is None else END),
        tokenize=tokenize,
        how=how,
        train=literal(data.train_split),
        evaluation=evaluation(run, f"tokenize, {how}"),
    )
    imports, guess, score = scoring(run)
    return TaskScript(
        ["from transformers import DataCollatorForSeq2Seq", *imports],
        constants,
        code,
        # Pads labels with -100, and never takes a pad token for a label that shall not be learned.
        "DataCollatorForSeq2Seq(tokenizer)",
        guess=guess,
        score=score,
        items='(batch["labels"][:, 1:] != -100).sum()',
        # After virtual tokens the first token of a text has a guess as well, which the Trainer does not count.
        told="text" in task.columns and run.config.method.kind in SOFT_PROMPTS,
        fixed_arguments={"include_for_metrics": ["loss"]} if score else {},
    )


def scoring(run: ScriptRun) -> tuple[list[str], str, str]:
    """Imports, what is kept of the logits, and lines that score it."""
    names = run.config.metrics or []
    imports, score = metrics.score(names)
    if not set(names) - {"perplexity"}:
        return imports, fill(NO_GUESS), score
    soft = run.config.method.kind in SOFT_PROMPTS
    guess = fill(GUESS, virtual=" of the text" if soft else "", part="[:, -labels.shape[1] :]" if soft else "")
    return imports, guess, f"{fill(ALIGN)}\n{score}"
