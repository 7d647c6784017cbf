"""Run folders as an engine writes them, with numbers that are the same every time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import events
from core.config import DataConfig, MethodConfig, ModelConfig, RunConfig
from core.runs.folder import RunFolder

BEGAN = 1_781_000_000.0
GIB = 2**30


class RecordedRun:
    """Writes what a run of `total` steps says, one part after the other; all but `begin` can be repeated.

    Args:
        alive: whether this process is its owner; None: nobody is.
        began: unix seconds.
    """

    def __init__(
        self,
        runs: Path,
        name: str = "mrpc-tiny",
        total: int = 500,
        alive: bool | None = True,
        began: float = BEGAN,
    ) -> None:
        self.config = RunConfig(
            name=name,
            model=ModelConfig(id="../shared/models/bert-tiny-uncased"),
            data=DataConfig(files={"train": "train.jsonl"}),
            method=MethodConfig(kind="lora"),
        )
        self.folder = RunFolder.create(runs, self.config)
        self.path = self.folder.path
        self.total = total
        self.began = began
        self.step = 0
        if alive:
            self.folder.take()
        elif alive is False:
            (self.path / "owner.json").write_text('{"pid": 1, "host": "' + _host() + '", "started": 1.0}')

    @property
    def now(self) -> float:
        return self.began + 5 + 0.3 * self.step

    @property
    def at(self) -> dict[str, float]:
        return {"t": self.now, "step": self.step, "epoch": 3 * self.step / self.total}

    def begin(self) -> None:
        self.folder.emit(
            events.RunStarted(
                t=self.began, run=str(self.path), name=self.config.title, task=self.config.task,
                model="bert-tiny-uncased", method="lora", engine="trainer",
            )
        )  # fmt: skip
        self.phase("checking")
        self.notice("columns: text = sentence1, text_pair = sentence2, label = label (guessed)")
        self.phase("loading", "bert-tiny-uncased")
        self.notice("Some weights were not initialized: classifier.weight", "warning")
        self.phase("training", f"{self.total} steps")

    def phase(self, phase: events.Phase, detail: str = "") -> None:
        self.folder.emit(events.PhaseChanged(t=self.now, phase=phase, detail=detail))

    def notice(self, message: str, level: events.Level = "info") -> None:
        self.folder.emit(events.Notice(t=self.now, message=message, level=level))

    def train(self, steps: int, losses: Sequence[float] | None = None, paused: bool = False) -> None:
        """So many steps; the losses fall unless they are given."""
        for index in range(steps):
            self.step += 1
            wave = math.sin(self.step * 1.7)
            loss = losses[index] if losses is not None else 0.69 * math.exp(-self.step / 300) + 0.03 * wave
            rate = 2e-4 * (1 - self.step / self.total)
            metrics = {"loss": loss, "learning_rate": rate, "grad_norm": 2 + wave, "samples_per_second": 53 + wave}
            self.progress(paused)
            self.folder.emit(events.StepLogged(metrics=metrics, **self.at))
        self.folder.emit(
            events.HardwareRead(
                cpu_percent=97, memory_used=6 * GIB, memory_total=16 * GIB, process_memory=GIB + self.step * 2**20,
                disk_free=41 * GIB, **self.at,
            )
        )  # fmt: skip

    def progress(self, paused: bool = False) -> None:
        left = (self.total - self.step) / 3.3
        self.folder.emit(
            events.Progress(
                phase="training", done=self.step, total=self.total, rate=3.3, eta=left, paused=paused, **self.at
            )
        )

    def evaluate(self, **metrics: float) -> None:
        self.phase("evaluating", "51 batches")
        self.folder.emit(
            events.Evaluated(metrics={f"eval_{name}": value for name, value in metrics.items()}, **self.at)
        )
        self.save("optimizer.pt")
        self.phase("training", f"{self.total} steps")
        self.progress()

    def save(self, *names: str) -> None:
        """Write a checkpoint: its state, and these files, empty."""
        path = f"checkpoints/checkpoint-{self.step}"
        (self.path / path).mkdir(exist_ok=True)
        for name in ("trainer_state.json", *names):
            (self.path / path / name).write_text("{}")
        self.folder.emit(events.CheckpointSaved(path=path, **self.at))

    def sample(self, *samples: dict[str, Any]) -> None:
        self.folder.emit(events.Sampled(samples=list(samples), **self.at))

    def take(self, *rates: float, **command: object) -> None:
        """A command that the engine carried out; `rates` are the learning rate before and after it."""
        before, after = rates or (None, None)
        self.folder.emit(events.CommandTaken(command=command, before=before, after=after, **self.at))

    def finish(self, reason: events.Reason = "completed", **metrics: float) -> None:
        scores = {f"eval_{name}": value for name, value in metrics.items()}
        self.folder.emit(events.RunFinished(reason=reason, run=str(self.path), metrics=scores, seconds=151, **self.at))

    def fail(self, title: str, detail: str, hint: str, exit_code: int = 1) -> None:
        self.folder.emit(events.RunFailed(title=title, detail=detail, hint=hint, exit_code=exit_code, **self.at))


def trained(runs: Path, name: str = "mrpc-tiny", alive: bool | None = True, began: float = BEGAN) -> RecordedRun:
    """A run that is two fifths through, with four evaluations."""
    run = RecordedRun(runs, name, alive=alive, began=began)
    run.begin()
    for part in range(1, 5):
        run.train(50)
        run.evaluate(loss=0.66 - 0.05 * part, accuracy=0.62 + 0.03 * part, f1=0.7 + 0.03 * part)
    return run


def completed(runs: Path, name: str = "mrpc-tiny") -> RecordedRun:
    """A run that ended well, with what plain baselines reach."""
    run = trained(runs, name, alive=False)
    run.train(300)
    for baseline, scores in (("majority", (0.684, 0.812)), ("tf-idf", (0.701, 0.811))):
        metrics = dict(zip(("eval_accuracy", "eval_f1"), scores, strict=True))
        run.folder.emit(events.BaselineScored(t=run.now, name=baseline, metrics=metrics))
    run.finish(loss=0.5591, accuracy=0.7426, f1=0.8254)
    return run


def _host() -> str:
    import socket

    return socket.gethostname()
