"""A plain transformers script: the completion of a prompt. Prints its metrics as JSON.

Argument: JSON with model, files, rows, columns (prompt and completion), max_length, generate, output and arguments (of
TrainingArguments). With `generate` the completions are written greedily and compared as texts.
"""

import json
import math
import sys

import torch
from datasets import load_dataset
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainingArguments,
    set_seed,
)

given = json.loads(sys.argv[1])
prompt_column, completion_column = given["columns"]
data = load_dataset("json", data_files=given["files"])
for split, count in given["rows"].items():
    data[split] = data[split].select(range(min(count, len(data[split]))))
tokenizer = AutoTokenizer.from_pretrained(given["model"])
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token


def tokenize(row):
    prompt = row[prompt_column]
    encoded = tokenizer(prompt + row[completion_column], return_offsets_mapping=True)
    ids = encoded["input_ids"] + [tokenizer.eos_token_id]
    ends = [end for _, end in encoded["offset_mapping"]] + [math.inf]
    labels = [token if end > len(prompt) else -100 for token, end in zip(ids, ends, strict=True)]
    ids, labels = ids[: given["max_length"]], labels[: given["max_length"]]
    return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}


tokens = data.map(tokenize, remove_columns=data["train"].column_names)
arguments = TrainingArguments(given["output"], report_to="none", disable_tqdm=True, **given["arguments"])
set_seed(arguments.seed)
model = AutoModelForCausalLM.from_pretrained(given["model"], dtype="float32")
trainer = Trainer(
    model,
    arguments,
    train_dataset=tokens["train"],
    eval_dataset=tokens["validation"],
    data_collator=DataCollatorForSeq2Seq(tokenizer),
    processing_class=tokenizer,
)
trainer.train()
metrics = trainer.evaluate()
metrics["eval_perplexity"] = math.exp(metrics["eval_loss"])
if given["generate"]:
    right = 0
    model.eval()
    for row in data["validation"]:
        prompt = tokenizer(row[prompt_column], return_tensors="pt").to(model.device)
        with torch.no_grad():
            written = model.generate(**prompt, max_new_tokens=8, do_sample=False, pad_token_id=tokenizer.pad_token_id)
        text = tokenizer.decode(written[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True)
        right += text.strip() == row[completion_column].strip()
    metrics["eval_exact_match"] = right / len(data["validation"])
print(json.dumps(metrics))
