"""One curve on its way into a csv file, and the loop that real training goes through to make one."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = ("step", "loss", "grad_norm", "learning_rate", "eval_loss", "eval_accuracy")


@dataclass
class Recording:
    """Rows of a csv file, in the order of the steps; what was not measured at a step is absent."""

    rows: list[dict[str, float]] = field(default_factory=list)

    def say(self, step: int, **values: float) -> None:
        if not self.rows or self.rows[-1]["step"] != step:
            self.rows.append({"step": step})
        self.rows[-1].update(values)

    def write(self, path: Path) -> None:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for row in self.rows:
                writer.writerow({name: row[name] if name == "step" else f"{value:.5g}" for name, value in row.items()})


@dataclass
class Training:
    """How a real run is trained: the loop of the Trainer in short, with AdamW or SGD and a linear schedule.

    Attributes:
        log: steps between two logged points; the loss is the mean over them, as the Trainer's is.
        disturb: called before each step with its number and the batch; what it returns is trained on.
        stop: end before the planned steps, as a run does that is looked at while it trains.
    """

    steps: int = 300
    rate: float = 1e-3
    log: int = 5
    evaluate: int | None = 25
    optimizer: str = "adamw"
    momentum: float = 0.9
    weight_decay: float = 0.01
    clip: float = 1.0
    warmup: float = 0.0
    schedule: str = "linear"
    disturb: Callable[[int, Any], Any] | None = None
    stop: int | None = None


def record(
    model: Any,
    batches: Iterator[Any],
    loss_of: Callable[[Any, Any], Any],
    evaluate: Callable[[Any], dict[str, float]],
    how: Training,
) -> Recording:
    """Train for real and write down what the Trainer would have logged."""
    import torch

    parameters = list(model.parameters())
    if how.optimizer == "adamw":
        optimizer: Any = torch.optim.AdamW(parameters, lr=how.rate, weight_decay=how.weight_decay)
    else:
        optimizer = torch.optim.SGD(parameters, lr=how.rate, momentum=how.momentum, weight_decay=how.weight_decay)
    warm = max(1, int(how.warmup * how.steps))

    def factor(step: int) -> float:
        if how.schedule == "constant":
            return min(1.0, (step + 1) / warm)
        return (step + 1) / warm if step < warm - 1 else max(0.0, (how.steps - step) / max(1, how.steps - warm + 1))

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    recording, total = Recording(), 0.0
    for step in range(1, (how.stop or how.steps) + 1):
        batch = next(batches)
        if how.disturb is not None:
            batch = how.disturb(step, batch)
        model.train()
        loss = loss_of(model, batch)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, how.clip or math.inf)
        rate = optimizer.param_groups[0]["lr"]
        optimizer.step()
        scheduler.step()
        total += loss.item()
        if step % how.log == 0:
            recording.say(step, loss=total / how.log, grad_norm=float(norm), learning_rate=rate)
            total = 0.0
        if how.evaluate and step % how.evaluate == 0:
            model.eval()
            with torch.no_grad():
                recording.say(step, **evaluate(model))
    return recording
