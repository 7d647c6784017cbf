"""A plain transformers.Trainer script: what a run is compared with. Prints its log history as JSON.

Arguments: model folder, train file, validation file, output folder, JSON of more TrainingArguments.
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
    PrinterCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)

model_id, train_file, validation_file, output, more = sys.argv[1:]
arguments = TrainingArguments(output, report_to="none", disable_tqdm=True, **json.loads(more))
data = load_dataset("json", data_files={"train": train_file, "validation": validation_file})
data["train"] = data["train"].select(range(300))
data["validation"] = data["validation"].select(range(100))
tokenizer = AutoTokenizer.from_pretrained(model_id)
tokens = data.map(
    lambda rows: tokenizer(rows["sentence1"], rows["sentence2"], truncation=True, max_length=128), batched=True
)


def compute_metrics(prediction):
    guesses = np.argmax(prediction.predictions, axis=-1)
    labels = prediction.label_ids
    return {"accuracy": accuracy_score(labels, guesses), "f1": f1_score(labels, guesses)}


set_seed(arguments.seed)
model = AutoModelForSequenceClassification.from_pretrained(model_id, num_labels=2, dtype="float32")
trainer = Trainer(
    model,
    arguments,
    train_dataset=tokens["train"],
    eval_dataset=tokens["validation"],
    data_collator=DataCollatorWithPadding(tokenizer),
    processing_class=tokenizer,
    compute_metrics=compute_metrics,
)
trainer.remove_callback(PrinterCallback)
trainer.train()
print(json.dumps({"history": trainer.state.log_history, "final": trainer.evaluate()}))
