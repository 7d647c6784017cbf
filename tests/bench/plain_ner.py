"""A plain transformers script: one tag per word. Prints its metrics as JSON.

Argument: JSON with model, files, rows, max_length, output and arguments (of TrainingArguments).
"""

import json
import sys

import numpy as np
from datasets import load_dataset
from seqeval.metrics import f1_score, precision_score, recall_score
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainingArguments,
    set_seed,
)

given = json.loads(sys.argv[1])
data = load_dataset("json", data_files=given["files"])
for split, count in given["rows"].items():
    data[split] = data[split].select(range(min(count, len(data[split]))))
tokenizer = AutoTokenizer.from_pretrained(given["model"])
tags = sorted({tag for split in data.values() for row in split["ner_tags"] for tag in row} - {"O"})
names = ["O", *tags]


def tokenize(rows):
    encoded = tokenizer(rows["tokens"], is_split_into_words=True, truncation=True, max_length=given["max_length"])
    encoded["labels"] = []
    for index, row in enumerate(rows["ner_tags"]):
        before, labels = None, []
        for word in encoded.word_ids(index):
            labels.append(-100 if word is None or word == before else names.index(row[word]))
            before = word
        encoded["labels"].append(labels)
    return encoded


def compute_metrics(prediction):
    guesses = np.argmax(prediction.predictions, axis=-1)
    said, right = [], []
    for guess, labels in zip(guesses, prediction.label_ids, strict=True):
        said.append([names[tag] for tag, label in zip(guess, labels, strict=True) if label != -100])
        right.append([names[label] for label in labels if label != -100])
    return {
        "precision": precision_score(right, said),
        "recall": recall_score(right, said),
        "f1": f1_score(right, said),
    }


data = data.map(tokenize, batched=True, remove_columns=data["train"].column_names)
arguments = TrainingArguments(given["output"], report_to="none", disable_tqdm=True, **given["arguments"])
set_seed(arguments.seed)
model = AutoModelForTokenClassification.from_pretrained(given["model"], num_labels=len(names), dtype="float32")
trainer = Trainer(
    model,
    arguments,
    train_dataset=data["train"],
    eval_dataset=data["validation"],
    data_collator=DataCollatorForTokenClassification(tokenizer),
    processing_class=tokenizer,
    compute_metrics=compute_metrics,
)
trainer.train()
print(json.dumps(trainer.evaluate()))
