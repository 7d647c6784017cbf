"""Real runs of small perceptrons on the tables that come with scikit-learn: 48 curves in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from tests.curves.recording import Recording, Training, record

Rows = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Table:
    """What goes into a run besides the loop: rows, their disorder, the size of the model, all made bad on purpose."""

    name: str
    rows: int | None = None
    noisy_labels: float = 0.0
    shift: float = 0.0
    hidden: int = 64
    layers: int = 1
    dropout: float = 0.0
    batch: int = 32
    scale: float = 1.0
    seed: int = 0


def run(table: Table, how: Training) -> Recording:
    """Train a perceptron on a table; half of the rows is for evaluation."""
    torch.manual_seed(table.seed)
    train, held_out = _load(table)
    model = _perceptron(train[0].shape[1], int(train[1].max()) + 1, table)
    return record(model, _batches(train, table), _loss, partial(_evaluate, held_out), how)


def scale_inputs(at: int | range, factor: float) -> Callable[[int, Rows], Rows]:
    """A batch from another world at one step, or from a step on."""

    def disturb(step: int, batch: Rows) -> Rows:
        hit = step == at if isinstance(at, int) else step in at
        return (batch[0] * factor, batch[1].flip(0)) if hit else batch

    return disturb


def _load(table: Table) -> tuple[Rows, Rows]:
    from sklearn import datasets
    from sklearn.preprocessing import StandardScaler

    bunch: Any = getattr(datasets, f"load_{table.name}")()
    x = torch.tensor(StandardScaler().fit_transform(bunch.data), dtype=torch.float32) * table.scale
    y = torch.tensor(bunch.target)
    order = torch.randperm(len(x))
    x, y = x[order], y[order].clone()
    half = len(x) // 2
    kept = min(table.rows or half, half)
    labels = y[:kept].clone()
    wrong = torch.rand(kept) < table.noisy_labels
    labels[wrong] = torch.randint(int(y.max()) + 1, (int(wrong.sum()),))
    return (x[:kept], labels), (x[half:] + table.shift * torch.randn_like(x[half:]), y[half:])


def _perceptron(inputs: int, classes: int, table: Table) -> nn.Module:
    parts: list[nn.Module] = []
    for _ in range(table.layers):
        parts += [nn.Linear(inputs, table.hidden), nn.ReLU(), nn.Dropout(table.dropout)]
        inputs = table.hidden
    return nn.Sequential(*parts, nn.Linear(inputs, classes))


def _batches(rows: Rows, table: Table) -> Iterator[Rows]:
    x, y = rows
    while True:
        for chosen in torch.randperm(len(x)).split(table.batch):
            yield x[chosen], y[chosen]


def _loss(model: nn.Module, batch: Rows) -> torch.Tensor:
    return nn.functional.cross_entropy(model(batch[0]), batch[1])


def _evaluate(rows: Rows, model: nn.Module) -> dict[str, float]:
    logits = model(rows[0])
    loss = nn.functional.cross_entropy(logits, rows[1])
    return {"eval_loss": loss.item(), "eval_accuracy": (logits.argmax(1) == rows[1]).float().mean().item()}
