"""A plain transformers script: two sentences, one label. Prints its metrics as JSON.

Argument: JSON with model, files, rows, max_length, output and arguments (of TrainingArguments).
"""

import json
import sys

import numpy as np
from datasets import load_dataset
from sklearn.metrics import accuracy_score, f1_score
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

given = json.loads(sys.argv[1])
data = load_dataset("json", data_files=given["files"])
for split, count in given["rows"].items():
    data[split] = data[split].select(range(min(count, len(data[split]))))
tokenizer = AutoTokenizer.from_pretrained(given["model"])


def tokenize(rows):
    return tokenizer(rows["sentence1"], rows["sentence2"], truncation=True, max_length=given["max_length"])


def compute_metrics(prediction):
    guesses = np.argmax(prediction.predictions, axis=-1)
    return {
        "accuracy": accuracy_score(prediction.label_ids, guesses),
        "f1": f1_score(prediction.label_ids, guesses),
    }


data = data.map(tokenize, batched=True)
arguments = TrainingArguments(given["output"], report_to="none", disable_tqdm=True, **given["arguments"])
set_seed(arguments.seed)
model = AutoModelForSequenceClassification.from_pretrained(given["model"], num_labels=2, dtype="float32")
trainer = Trainer(
    model,
    arguments,
    train_dataset=data["train"],
    eval_dataset=data["validation"],
    data_collator=DataCollatorWithPadding(tokenizer),
    processing_class=tokenizer,
    compute_metrics=compute_metrics,
)
trainer.train()
print(json.dumps(trainer.evaluate()))
