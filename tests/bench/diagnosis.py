"""How well the diagnosis names what is in the labelled curves that its rules were not tuned on; and how fast."""

from __future__ import annotations

import math
import random
import time
from statistics import median

from core.runs.series import Series
from core.training.diagnosis import diagnose
from tests.bench.measure import Measurement
from tests.curves.labels import labels, score

GOAL = 0.9
POINTS = 10_000
REPEATS = 20


def diagnosis() -> list[Measurement]:
    """Precision and recall of each kind, and the time of one look at a long run."""
    held_out = [label for label in labels() if label.split == "held-out"]
    found: list[Measurement] = []
    for kind, one in score(held_out).items():
        cases = one.right + one.missed
        for name, value in (("precision", one.precision), ("recall", one.recall)):
            what = f"diagnosis {kind}: {name} ({cases} of {len(held_out)} curves)"
            found.append(Measurement(what, value, "", f">= {GOAL}", value >= GOAL))
    return [*found, Measurement(f"diagnosis of {POINTS:,} points, median", _milliseconds(), "ms")]


def _milliseconds() -> float:
    dice, steps = random.Random(0), list(range(POINTS))
    evaluated = steps[:: POINTS // 50]
    series = {
        "loss": Series(steps=steps, values=[2 * math.exp(-3 * at / POINTS) + dice.gauss(0, 0.1) for at in steps]),
        "learning_rate": Series(steps=steps, values=[1e-4] * POINTS),
        "eval_loss": Series(steps=evaluated, values=[2 * math.exp(-3 * at / POINTS) for at in evaluated]),
    }
    times: list[float] = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        diagnose(series, POINTS)
        times.append(1000 * (time.perf_counter() - begun))
    return median(times)
