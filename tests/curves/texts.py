"""Real runs on text: BERT-tiny on sentences, a character GRU and a 260k-parameter Llama on Shakespeare."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tests.curves.recording import Recording, Training, record

SHARED = Path(__file__).resolve().parents[3] / "shared"


@dataclass(frozen=True)
class Text:
    """What goes into a run besides the loop."""

    name: str
    rows: int = 600
    batch: int = 16
    length: int = 48
    noisy_labels: float = 0.0
    frozen: bool = False
    hidden: int = 96
    seed: int = 0


def classifier(text: Text, how: Training) -> Recording:
    """BERT-tiny on `mrpc` or `sst2`, evaluated on 150 rows."""
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(text.seed)
    train, held_out = _sentences(text.name, "train", text.rows), _sentences(text.name, "validation", 150)
    generator = torch.Generator().manual_seed(text.seed)
    labels = torch.tensor([label for *_, label in train])
    wrong = torch.rand(len(labels), generator=generator) < text.noisy_labels
    labels[wrong] = torch.randint(2, (int(wrong.sum()),), generator=generator)
    folder = str(SHARED / "models/bert-tiny-uncased")
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    if text.frozen:
        for parameter in model.bert.parameters():
            parameter.requires_grad_(False)
    rows = _encoded(train, text.length) | {"labels": labels}
    test = _encoded(held_out, text.length) | {"labels": torch.tensor([label for *_, label in held_out])}
    return record(model, _row_batches(rows, text, generator), _model_loss, partial(_score, test), how)


def llama(text: Text, how: Training) -> Recording:
    """stories260K on Shakespeare in its own tokens, evaluated on text that it is not trained on."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(text.seed)
    folder = str(SHARED / "models/stories260K")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = torch.tensor(tokenizer(_shakespeare()[:400_000]).input_ids)
    blocks = ids[: len(ids) // text.length * text.length].view(-1, text.length)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    generator = torch.Generator().manual_seed(text.seed)
    rows = {"input_ids": blocks[: text.rows], "labels": blocks[: text.rows]}
    test = {"input_ids": blocks[-64:], "labels": blocks[-64:]}
    return record(model, _row_batches(rows, text, generator), _model_loss, partial(_score, test), how)


def characters(text: Text, how: Training) -> Recording:
    """A GRU that guesses the next character of Shakespeare; evaluation is by its loss alone."""
    torch.manual_seed(text.seed)
    written = _shakespeare()[:200_000]
    number = {letter: index for index, letter in enumerate(sorted(set(written)))}
    ids = torch.tensor([number[letter] for letter in written])
    blocks = ids[: len(ids) // text.length * text.length].view(-1, text.length)
    model = _Characters(len(number), text.hidden)
    generator = torch.Generator().manual_seed(text.seed)
    rows, test = {"ids": blocks[: text.rows]}, blocks[-64:]

    def evaluate(model: Any) -> dict[str, float]:
        return {"eval_loss": model.loss(test).item()}

    return record(model, _row_batches(rows, text, generator), lambda m, batch: m.loss(batch["ids"]), evaluate, how)


class _Characters(nn.Module):
    def __init__(self, letters: int, hidden: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(letters, 32)
        self.gru = nn.GRU(32, hidden, batch_first=True)
        self.head = nn.Linear(hidden, letters)

    def loss(self, ids: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy of the next character. `ids`: int64, (batch, length)."""
        logits = self.head(self.gru(self.embed(ids[:, :-1]))[0])
        return nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())


@cache
def _shakespeare() -> str:
    return (SHARED / "data/tinyshakespeare/input.txt").read_text()


@cache
def _sentences(name: str, split: str, count: int) -> list[tuple[str, str | None, int]]:
    if name == "mrpc":
        lines = (SHARED / f"data/mrpc/{split}.jsonl").read_text().splitlines()[:count]
        found = [json.loads(line) for line in lines]
        return [(row["sentence1"], row["sentence2"], int(row["label"])) for row in found]
    file = {"train": "train", "validation": "dev"}[split]
    with (SHARED / f"data/sst2/{file}.tsv").open() as lines:
        read = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["sentence"], None, int(row["label"])) for row, _ in zip(read, range(count), strict=False)]


def _encoded(rows: list[tuple[str, str | None, int]], length: int) -> dict[str, torch.Tensor]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(SHARED / "models/bert-tiny-uncased"))
    pairs = [second for _, second, _ in rows] if rows[0][1] is not None else None
    options = {"truncation": True, "max_length": length, "padding": True, "return_tensors": "pt"}
    return dict(tokenizer([first for first, *_ in rows], pairs, **options))


def _row_batches(rows: dict[str, Any], text: Text, generator: torch.Generator) -> Iterator[dict[str, Any]]:
    count = len(next(iter(rows.values())))
    while True:
        for chosen in torch.randperm(count, generator=generator).split(text.batch):
            yield {name: values[chosen] for name, values in rows.items()}


def _model_loss(model: Any, batch: dict[str, Any]) -> torch.Tensor:
    loss: torch.Tensor = model(**batch).loss
    return loss


def _score(rows: dict[str, Any], model: Any) -> dict[str, float]:
    found = model(**rows)
    scores = {"eval_loss": found.loss.item()}
    if found.logits.ndim == 2:
        scores["eval_accuracy"] = (found.logits.argmax(1) == rows["labels"]).float().mean().item()
    return scores
