"""Curves from formulas: what they show is known because it was put in. Twenty-three of each shape, no two alike."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.curves.recording import Recording

VARIANTS = 23


@dataclass
class Plan:
    """The dice of one curve: its length, its rhythm, where it starts and how noisy it is.

    Attributes:
        noise: standard deviation of the logged loss, as a share of its level.
        wobble: the same of the evaluation loss.
    """

    dice: random.Random
    points: int
    log: int
    every: int
    start: float
    rate: float
    noise: float
    wobble: float

    @classmethod
    def of(cls, name: str) -> Plan:
        dice = random.Random(name)
        return cls(
            dice,
            points=dice.randint(60, 120),
            log=dice.choice([1, 5, 10, 50]),
            every=dice.randint(5, 10),
            start=dice.choice([0.69, 1.1, 2.3, 4.0, 8.0]) * dice.uniform(0.95, 1.1),
            rate=dice.choice([2e-5, 1e-4, 1e-3]),
            noise=dice.uniform(0.015, 0.06),
            wobble=dice.uniform(0.001, 0.006),
        )

    def draw(
        self,
        train: Callable[[float], float],
        evaluation: Callable[[float], float] | None = None,
        accuracy: Callable[[float], float] | None = None,
        norm: Callable[[float], float] = lambda x: 1.0,
    ) -> Recording:
        """Sample functions of the share of the run (0 to 1); losses are in units of the starting loss."""
        found, dice = Recording(), self.dice
        for point in range(1, self.points + 1):
            share, step = point / self.points, point * self.log
            loss = self.start * train(share) * math.exp(dice.gauss(0, self.noise))
            found.say(
                step,
                loss=loss,
                grad_norm=norm(share) * math.exp(dice.gauss(0, 0.2)),
                learning_rate=self.rate * (1 - (point - 1) / self.points),
            )
            if evaluation is not None and point % self.every == 0:
                found.say(step, eval_loss=self.start * evaluation(share) * math.exp(dice.gauss(0, self.wobble)))
                if accuracy is not None:
                    found.say(step, eval_accuracy=accuracy(share) + dice.uniform(-0.001, 0.001))
        return found


def decay(level: float, speed: float) -> Callable[[float], float]:
    """From 1 down to `level`; `speed` is how many times over the run the distance shrinks by e."""
    return lambda x: level + (1 - level) * math.exp(-speed * x)


def learning(plan: Plan) -> Recording:
    speed = plan.dice.uniform(0.9, 1.8)
    curve = decay(0.05, speed)
    return plan.draw(curve, lambda x: 1.04 * curve(x), lambda x: 0.5 + 0.4 * (1 - curve(x)))


def converged(plan: Plan) -> Recording:
    curve = decay(plan.dice.uniform(0.02, 0.25), plan.dice.uniform(9, 16))
    with_evaluation = plan.dice.random() < 0.7
    return plan.draw(curve, (lambda x: 1.05 * curve(x)) if with_evaluation else None)


def plateau(plan: Plan) -> Recording:
    curve = decay(plan.dice.uniform(0.48, 0.56), plan.dice.uniform(10, 18))
    return plan.draw(curve, lambda x: 1.02 * curve(x), lambda x: 0.4 + 0.4 * (1 - curve(x)))


def overfitting(plan: Plan) -> Recording:
    turn, rise = plan.dice.uniform(0.2, 0.5), plan.dice.uniform(0.5, 1.5)
    lowest = plan.dice.uniform(0.5, 0.7)
    train = decay(0.03, plan.dice.uniform(4, 8))
    return plan.draw(
        train,
        lambda x: lowest + (1 - lowest) * (1 - x / turn) ** 2 if x < turn else lowest + rise * (x - turn) * lowest,
        lambda x: 0.5 + 0.25 * min(x / turn, 1.0),
    )


def underfitting(plan: Plan) -> Recording:
    curve = decay(plan.dice.uniform(0.86, 0.97), plan.dice.uniform(25, 60))
    return plan.draw(curve, lambda x: 1.01 * curve(x), lambda x: 0.5)


def unstable(plan: Plan) -> Recording:
    plan.noise = plan.dice.uniform(0.7, 1.1)
    curve = decay(plan.dice.uniform(0.25, 0.5), plan.dice.uniform(2, 4))
    plan.wobble = 0.1
    return plan.draw(curve, curve, norm=lambda x: 4.0)


def diverging(plan: Plan) -> Recording:
    turn, speed = plan.dice.uniform(0.4, 0.7), plan.dice.uniform(5, 9)
    curve = decay(0.3, 8)
    rising = lambda x: curve(x) * math.exp(speed * max(0.0, x - turn))  # noqa: E731
    return plan.draw(rising, rising, norm=lambda x: math.exp(speed * max(0.0, x - turn)))


def rate_too_high(plan: Plan) -> Recording:
    peak, level = plan.dice.uniform(1.8, 6), plan.dice.uniform(0.95, 1.15)
    begin = plan.dice.uniform(0.04, 0.08)
    plan.wobble = 0.05

    def train(x: float) -> float:
        return level + (peak - level) * math.exp(-((x - begin) ** 2) / 0.0012)

    return plan.draw(train, lambda x: level, lambda x: plan.dice.choice([0.32, 0.68]), norm=lambda x: 20 * train(x))


def rate_too_low(plan: Plan) -> Recording:
    fall = plan.dice.uniform(0.005, 0.04)
    plan.wobble = 0.0
    return plan.draw(lambda x: 1 - fall * x, lambda x: 1 - fall * x * (2 - x) / 1.0, lambda x: 0.5, norm=lambda x: 3.0)


def accuracy_flat(plan: Plan) -> Recording:
    curve = decay(0.05, plan.dice.uniform(1.0, 1.8))
    reached = plan.dice.uniform(0.7, 0.95)
    return plan.draw(curve, curve, lambda x: reached - 0.1 * max(0.0, 0.3 - x))


def gap(plan: Plan) -> Recording:
    low, high = plan.dice.uniform(0.02, 0.1), plan.dice.uniform(0.4, 0.6)
    speed = plan.dice.uniform(9, 13)
    return plan.draw(decay(low, speed), decay(high, speed), lambda x: 0.7)


def spike(plan: Plan) -> Recording:
    curve, at = decay(0.1, plan.dice.uniform(2, 12)), plan.dice.uniform(0.3, 0.9)
    height, width = plan.dice.uniform(3, 20), plan.dice.choice([1, 2]) / plan.points
    hit = lambda x: at <= x < at + width  # noqa: E731
    return plan.draw(lambda x: curve(x) * (height if hit(x) else 1), curve, norm=lambda x: 30.0 if hit(x) else 1.0)


def nan(plan: Plan) -> Recording:
    curve, at = decay(0.2, plan.dice.uniform(2, 8)), plan.dice.uniform(0.3, 0.9)
    broken = lambda x: math.nan if x > at else curve(x)  # noqa: E731
    return plan.draw(broken, broken)


@dataclass(frozen=True)
class Shape:
    """A formula, what it must be called, and what it may be called besides."""

    draw: Callable[[Plan], Recording]
    kinds: str
    may: str
    why: str


SHAPES = {
    "learning": Shape(learning, "learning", "", "falls to the end, evaluation with it, accuracy rises"),
    "converged": Shape(converged, "converged", "", "falls to a quarter of its start or less, then stands still"),
    "plateau": Shape(plateau, "plateau", "underfitting", "stands still at half of its start"),
    "overfitting": Shape(overfitting, "overfitting gap", "", "evaluation turns and rises, training goes on falling"),
    "underfitting": Shape(underfitting, "underfitting", "plateau", "falls by less than a seventh, then stands"),
    "unstable": Shape(unstable, "unstable", "learning converged plateau spike rate_too_high", "noise like its level"),
    "diverging": Shape(diverging, "diverging", "rate_too_high", "falls, turns, and ends far above its lowest level"),
    "rate-too-high": Shape(rate_too_high, "rate_too_high", "spike plateau underfitting", "leaps at the start"),
    "rate-too-low": Shape(rate_too_low, "rate_too_low", "", "falls evenly by less than a twentieth"),
    "accuracy-flat": Shape(accuracy_flat, "accuracy_flat learning", "", "loss falls, accuracy stands still"),
    "gap": Shape(gap, "gap", "converged plateau", "evaluation comes to rest far above training"),
    "spike": Shape(spike, "spike", "learning converged", "one or two points many times as high as their neighbours"),
    "nan": Shape(nan, "nan", "", "not a number from a step on"),
}  # fmt: skip


def curves() -> dict[str, tuple[Recording, Shape]]:
    """Every curve by name, with its labels."""
    return {
        f"{name}-{number}": (shape.draw(Plan.of(f"{name}-{number}")), shape)
        for name, shape in SHAPES.items()
        for number in range(VARIANTS)
    }
