"""The script of a task that writes one text out of another, through the Seq2SeqTrainer."""

from __future__ import annotations

from typing import Any

from core.scripts import metrics
from core.scripts.run import ScriptRun
from core.scripts.sequence_classification import evaluation
from core.scripts.task_script import TaskScript
from core.scripts.writing import fill, literal

ENCODE = """
    $end


    def tokenize(rows):
        sources = [$prefix(text or "") for text in rows[$source]]
        targets = [text or "" for text in rows[$target]]
        encoded = tokenizer(sources$limit)
        $labels
        return encoded


    # Rows are padded later, batch by batch: each to the longest of its own.
    train = data[$train].map(tokenize, batched=True, remove_columns=data[$train].column_names)
    $evaluation
"""
ENDED = 'encoded["labels"] = tokenizer(text_target=targets$limit)["input_ids"]'
ENDLESS = 'encoded["labels"] = [end(ids) for ids in tokenizer(text_target=targets)["input_ids"]]'
END = """
    def end(ids):
        \"\"\"The tokens with the one that ends a text, which this tokenizer does not write by itself.\"\"\"
        return $cut if tokenizer.eos_token_id in ids[-2:] else [*$ids, tokenizer.eos_token_id]
"""
WRITE = """
    accelerator.unwrap_model(model).generate(
        **{name: value for name, value in batch.items() if name not in ("labels", "decoder_input_ids")},
        $options
    )
"""
GUESS = """
    def keep_guesses(logits, labels):
        \"\"\"The likeliest token after each true one: the metrics need no more of the logits.\"\"\"
        logits = logits[0] if isinstance(logits, tuple) else logits
        return logits.argmax(-1).masked_fill(labels == -100, -100)
"""
HELPERS = """
    def texts(rows):
        \"\"\"Rows of token ids as texts; -100 is padding.\"\"\"
        return [tokenizer.decode(ids[ids != -100], skip_special_tokens=True).strip() for ids in rows]
"""


def script(run: ScriptRun) -> TaskScript:
    """The parts of a task from texts to texts."""
    task, data = run.task, run.config.data
    constants: dict[str, Any] = {"MAX_LENGTH": data.max_length} if data.max_length else {}
    most = ""
    if data.max_target_length:
        constants["MAX_TARGET_LENGTH"] = data.max_target_length
        most = "MAX_TARGET_LENGTH"
    elif data.max_length:
        most = "MAX_LENGTH"
    if data.prefix:
        constants["PREFIX"] = data.prefix
    ends = run.tokenizer.eos_token_id in (None, *run.tokenizer(text_target="a")["input_ids"][-2:])
    code = fill(
        ENCODE,
        end=""
        if ends
        else fill(END, cut=f"ids[:{most}]" if most else "ids", ids=f"ids[: {most} - 1]" if most else "ids"),
        prefix="PREFIX + " if data.prefix else "",
        source=literal(task.columns["source"]),
        target=literal(task.columns["target"]),
        limit=", truncation=True, max_length=MAX_LENGTH" if data.max_length else "",
        labels=fill(ENDED, limit=f", truncation=True, max_length={most}" if most else "") if ends else ENDLESS,
        train=literal(data.train_split),
        evaluation=evaluation(run, "tokenize, batched=True"),
    ).lstrip("\n")
    imports, score = metrics.score(run.config.metrics or [])
    texts = set(run.config.metrics or []) - {"perplexity"}
    if score and texts:
        score = f"guesses, labels = texts(guesses), texts(labels)\n{score}"
    settings = run.config.training.arguments()
    generates = settings.get("predict_with_generate")
    return TaskScript(
        ["from transformers import DataCollatorForSeq2Seq", *imports],
        constants,
        code,
        # The model makes the decoder's input of the labels, which are padded with -100.
        "DataCollatorForSeq2Seq(tokenizer, model=model)",
        # What an evaluation writes is taken as it is.
        guess="" if generates else fill(GUESS),
        score=score,
        logits=fill(WRITE, options=_options(settings)) if generates else "output.logits",
        items='(batch["labels"] != -100).sum()',
        weight="1",
        helpers=fill(HELPERS) if score and texts else "",
        trainer="Seq2SeqTrainer",
        arguments="Seq2SeqTrainingArguments",
        fixed_arguments={"include_for_metrics": ["loss"]} if score else {},
    )


def _options(settings: dict[str, Any]) -> str:
    """How an evaluation writes."""
    given = {"max_length": settings.get("generation_max_length"), "num_beams": settings.get("generation_num_beams")}
    return "\n".join(f"{name}={literal(value)}," for name, value in given.items() if value is not None)
