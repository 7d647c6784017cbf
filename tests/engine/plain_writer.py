"""A plain transformers.Seq2SeqTrainer script: what a run is compared with. Prints a log history for each as JSON.

Arguments: model folder, train file, validation file, output folder, JSON list of more Seq2SeqTrainingArguments.
"""

import json
import sys

import numpy as np
from datasets import load_dataset
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    PrinterCallback,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    set_seed,
)

model_id, train_file, validation_file, output, more = sys.argv[1:]
data = load_dataset("json", data_files={"train": train_file, "validation": validation_file})
data["train"] = data["train"].select(range(200))
data["validation"] = data["validation"].select(range(20))
tokenizer = AutoTokenizer.from_pretrained(model_id)


def encode(rows):
    encoded = tokenizer(rows["word"], truncation=True, max_length=64)
    encoded["labels"] = tokenizer(text_target=rows["phonemes"], truncation=True, max_length=64)["input_ids"]
    return encoded


def compute_metrics(prediction):
    texts = [
        tokenizer.batch_decode(np.where(side == -100, tokenizer.pad_token_id, side), skip_special_tokens=True)
        for side in (prediction.predictions, prediction.label_ids)
    ]
    return {"exact_match": np.mean([said == right for said, right in zip(*texts, strict=True)])}


tokens = data.map(encode, batched=True)
done = []
for training in json.loads(more):
    arguments = Seq2SeqTrainingArguments(
        output, report_to="none", disable_tqdm=True, predict_with_generate=True, generation_max_length=65, **training
    )
    set_seed(arguments.seed)
    model = AutoModelForSeq2SeqLM.from_pretrained(model_id, dtype="float32")
    trainer = Seq2SeqTrainer(
        model,
        arguments,
        train_dataset=tokens["train"],
        eval_dataset=tokens["validation"],
        data_collator=DataCollatorForSeq2Seq(tokenizer, model=model),
        processing_class=tokenizer,
        compute_metrics=compute_metrics,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    done.append({"history": trainer.state.log_history, "final": trainer.evaluate()})
print(json.dumps(done))
