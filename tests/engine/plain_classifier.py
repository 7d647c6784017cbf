"""A plain transformers.Trainer script: what a run is compared with. Prints its log history as JSON.

Arguments: model folder, train file, validation file, output folder, JSON of more TrainingArguments; `class_weights`
among them are those of the loss.
"""

import json
import sys

import numpy as np
import torch
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
more = json.loads(more)
weights = more.pop("class_weights", None)
arguments = TrainingArguments(output, report_to="none", disable_tqdm=True, **more)
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


class Scaled(Trainer):
    """Without this, transformers 5.23 multiplies loss and gradients of BERT by the number of accumulated batches."""

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        rows = len(inputs["labels"])
        loss = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        return loss * (rows / num_items_in_batch) if model.training and weights is None else loss


def weighted(outputs, labels, num_items_in_batch=None):
    return torch.nn.CrossEntropyLoss(torch.tensor(weights))(outputs.logits, labels)


set_seed(arguments.seed)
model = AutoModelForSequenceClassification.from_pretrained(model_id, num_labels=2, dtype="float32")
trainer = Scaled(
    model,
    arguments,
    train_dataset=tokens["train"],
    eval_dataset=tokens["validation"],
    data_collator=DataCollatorWithPadding(tokenizer),
    processing_class=tokenizer,
    compute_metrics=compute_metrics,
    compute_loss_func=weighted if weights else None,
)
trainer.remove_callback(PrinterCallback)
trainer.train()
print(json.dumps({"history": trainer.state.log_history, "final": trainer.evaluate()}))
