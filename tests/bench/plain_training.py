"""A plain transformers.Trainer script: what a run with the Monitor open is compared with.

Arguments: model folder, train file, output folder, JSON of more TrainingArguments, file for the times of logged steps.
"""

import json
import sys
import time

from datasets import load_dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

model_id, train_file, output, more, log = sys.argv[1:]


class Times(TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in logs:
            with open(log, "a") as file:  # noqa: PTH123
                file.write(json.dumps({"step": state.global_step, "t": time.time()}) + "\n")


arguments = TrainingArguments(
    output, per_device_train_batch_size=16, save_strategy="no", report_to="none", disable_tqdm=True, **json.loads(more)
)
data = load_dataset("json", data_files={"train": train_file}, split="train").class_encode_column("label")
labels = data.features["label"].num_classes
tokenizer = AutoTokenizer.from_pretrained(model_id)
data = data.map(lambda rows: tokenizer(rows["text"], truncation=True, max_length=32), batched=True)
set_seed(arguments.seed)
model = AutoModelForSequenceClassification.from_pretrained(model_id, num_labels=labels, dtype="float32")
collator = DataCollatorWithPadding(tokenizer)
trainer = Trainer(
    model, arguments, train_dataset=data, data_collator=collator, processing_class=tokenizer, callbacks=[Times()]
)
trainer.remove_callback(PrinterCallback)
trainer.train()
