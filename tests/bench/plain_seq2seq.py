"""A plain transformers script: one text from another, by an architecture from scratch. Prints its metrics as JSON.

Argument: JSON with architecture (fields of a config), tokenizer, files, rows, columns (source and target), max_length,
output and arguments (of Seq2SeqTrainingArguments).
"""

import json
import sys

import numpy as np
from datasets import load_dataset
from transformers import (
    AutoConfig,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    set_seed,
)

given = json.loads(sys.argv[1])
source, target = given["columns"]
data = load_dataset("json", data_files=given["files"])
for split, count in given["rows"].items():
    data[split] = data[split].select(range(min(count, len(data[split]))))
tokenizer = AutoTokenizer.from_pretrained(given["tokenizer"])


def tokenize(rows):
    limits = {"truncation": True, "max_length": given["max_length"]}
    return {**tokenizer(rows[source], **limits), "labels": tokenizer(text_target=rows[target], **limits)["input_ids"]}


def compute_metrics(prediction):
    ids = [np.where(side < 0, tokenizer.pad_token_id, side) for side in (prediction.predictions, prediction.label_ids)]
    said, right = (tokenizer.batch_decode(side, skip_special_tokens=True) for side in ids)
    pairs = zip(said, right, strict=True)
    return {"exact_match": float(np.mean([guess.strip() == truth.strip() for guess, truth in pairs]))}


tokens = data.map(tokenize, batched=True, remove_columns=data["train"].column_names)
arguments = Seq2SeqTrainingArguments(given["output"], report_to="none", disable_tqdm=True, **given["arguments"])
architecture = dict(given["architecture"])
config = AutoConfig.for_model(
    architecture.pop("model_type"),
    vocab_size=len(tokenizer),
    pad_token_id=tokenizer.pad_token_id,
    bos_token_id=tokenizer.bos_token_id,
    eos_token_id=tokenizer.eos_token_id,
    **architecture,
)
set_seed(arguments.seed)
model = AutoModelForSeq2SeqLM.from_config(config)
trainer = Seq2SeqTrainer(
    model,
    arguments,
    train_dataset=tokens["train"],
    eval_dataset=tokens["validation"],
    data_collator=DataCollatorForSeq2Seq(tokenizer, model),
    processing_class=tokenizer,
    compute_metrics=compute_metrics,
)
trainer.train()
print(json.dumps(trainer.evaluate()))
