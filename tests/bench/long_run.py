"""The folder of a run with a million logged steps, as an engine would have written it."""

from __future__ import annotations

import json
import math
from pathlib import Path

from core.runs import layout

STEPS = 1_000_000
BEGAN = 1_781_000_000.0
SPIKE = 612_345
"""The step with the one loss that stands out."""


def write_long_run(runs: Path, steps: int = STEPS) -> Path:
    """A noisy loss that falls, with one spike, a NaN in 100,000, and an evaluation and a checkpoint every hundredth."""
    run = runs / "20260101-0000-million-abcd"
    run.mkdir(parents=True)
    (run / layout.CONFIG).write_text("name: million\n", encoding="utf-8")
    every = steps // 100
    with (run / layout.EVENTS).open("w", encoding="utf-8") as stream:
        write = stream.write
        write(
            f'{{"type": "run_started", "t": {BEGAN}, "run": "r", "name": "million", "task": "causal-lm", "model": "m", '
            '"method": "full", "engine": "trainer"}\n'
        )
        for step in range(1, steps + 1):
            at = f'"t": {BEGAN + step * 0.05:.3f}, "step": {step}, "epoch": {3 * step / steps}'
            wave = math.sin(step * 1.7) * math.sin(step * 0.31)
            loss = '"NaN"' if step % 100_000 == 0 else 9.0 if step == SPIKE else 3 / (1 + 9 * step / steps) + 0.2 * wave
            write(
                f'{{"type": "step_logged", {at}, "metrics": {{"loss": {loss}, "grad_norm": {2 + wave}, '
                f'"learning_rate": {5e-5 * (1 - step / steps)}, "samples_per_second": {160 + wave}}}}}\n'
            )
            if step % 10 == 0:
                write(f'{{"type": "progress", {at}, "phase": "training", "done": {step}, "total": {steps}}}\n')
            if step % every == 0:
                scores = {"eval_loss": 3 / (1 + 8 * step / steps), "eval_accuracy": step / (steps + every)}
                write(f'{{"type": "evaluated", {at}, "metrics": {json.dumps(scores)}}}\n')
                write(f'{{"type": "checkpoint_saved", {at}, "path": "checkpoints/checkpoint-{step}"}}\n')
    return run
