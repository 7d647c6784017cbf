"""A plain transformers script: the answer to a question as a stretch of its context. Prints its metrics as JSON.

Argument: JSON with model, files, rows, max_length, stride, output and arguments (of TrainingArguments).
"""

import json
import re
import string
import sys
from collections import Counter

import numpy as np
from datasets import load_dataset
from transformers import (
    AutoModelForQuestionAnswering,
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


def tokenize(rows, indices):
    encoded = tokenizer(
        rows["question"],
        rows["context"],
        truncation="only_second",
        max_length=given["max_length"],
        stride=given["stride"],
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    samples = encoded.pop("overflow_to_sample_mapping")
    encoded["start_positions"], encoded["end_positions"] = [], []
    encoded["row"] = [indices[sample] for sample in samples]
    encoded["places"] = []
    for window, sample in enumerate(samples):
        answers = rows["answers"][sample]
        begin = answers["answer_start"][0]
        end = begin + len(answers["text"][0])
        inside = [part == 1 for part in encoded.sequence_ids(window)]
        offsets = encoded["offset_mapping"][window]
        context = [token for token, of_context in enumerate(inside) if of_context]
        first = last = 0
        if context and offsets[context[0]][0] <= begin and offsets[context[-1]][1] >= end:
            first = next(token for token in context if offsets[token][1] > begin)
            last = next(token for token in reversed(context) if offsets[token][0] < end)
        encoded["start_positions"].append(first)
        encoded["end_positions"].append(last)
        encoded["places"].append([
            list(offset) if of_context else [-1, -1] for offset, of_context in zip(offsets, inside, strict=True)
        ])  # fmt: skip
    encoded.pop("offset_mapping")
    return encoded


def words(text):
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def overlap(guess, truth):
    guess, truth = words(guess), words(truth)
    common = sum((Counter(guess) & Counter(truth)).values())
    return 2 * common / (len(guess) + len(truth)) if common else float(guess == truth)


def compute_metrics(prediction):
    best = {}
    all_starts, all_ends = prediction.predictions
    windows = zip(features["validation"]["row"], features["validation"]["places"], all_starts, all_ends, strict=True)
    for row, places, starts, ends in windows:
        context = [token for token, (begin, _) in enumerate(places) if begin != -1]
        firsts = sorted(context, key=lambda token: -starts[token])[:20]
        lasts = sorted(context, key=lambda token: -ends[token])[:20]
        for first in firsts:
            for last in lasts:
                score = starts[first] + ends[last]
                if first <= last < first + 30 and score > best.get(row, (-np.inf,))[0]:
                    best[row] = score, places[first][0], places[last][1]
    exact, f1 = [], []
    for index, row in enumerate(data["validation"]):
        _, begin, end = best.get(index, (0, 0, 0))
        guess = row["context"][begin:end]
        exact.append(max(words(guess) == words(truth) for truth in row["answers"]["text"]))
        f1.append(max(overlap(guess, truth) for truth in row["answers"]["text"]))
    return {"exact_match": float(np.mean(exact)), "f1": float(np.mean(f1))}


features = data.map(tokenize, batched=True, with_indices=True, remove_columns=data["train"].column_names)
arguments = TrainingArguments(given["output"], report_to="none", disable_tqdm=True, **given["arguments"])
set_seed(arguments.seed)
model = AutoModelForQuestionAnswering.from_pretrained(given["model"], dtype="float32")
trainer = Trainer(
    model,
    arguments,
    train_dataset=features["train"],
    eval_dataset=features["validation"],
    data_collator=DataCollatorWithPadding(tokenizer),
    processing_class=tokenizer,
    compute_metrics=compute_metrics,
)
trainer.train()
print(json.dumps(trainer.evaluate()))
