"""Round numbers along an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

STEPS = (1, 2, 5, 10)


def linear(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten from `low` to `high`, `most` at the most."""
    spread = high - low
    if not (spread > 0 and math.isfinite(spread)):
        return [low]
    rough = spread / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    found = [low]
    for step in (step * power for step in STEPS):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if first > last:  # from 1 to 4 there are two multiples of 2, and none of 5
            break
        found = [at * step for at in range(first, last + 1)]
        if len(found) <= most:
            return found
    return [*_thinned(found, most)]


def logarithmic(low: float, high: float, most: int) -> list[float]:
    """Exponents of ten between the exponents `low` and `high`; for less than two decades, of round numbers between."""
    whole = list(range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1))
    if len(whole) >= 2:
        return [float(power) for power in _thinned(whole, most)]
    begin, end = 10.0**low, 10.0**high
    return [math.log10(value) for value in linear(begin, end, most) if value > 0]


def _thinned(ticks: Sequence[float], most: int) -> Sequence[float]:
    """Every second tick, or third, ...: `most` at the most."""
    return ticks[:: -(-len(ticks) // max(1, most))]


def label(value: float, step: float) -> str:
    """A tick as it is written: 1.2M, 200k, 0.05, 5e-05."""
    size = abs(value)
    if value == 0:
        return "0"
    if size < 1e-3 or size >= 1e9 or step <= 0:
        return f"{value:.4g}"
    for limit, sign in ((1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{value / limit if sign == 'M' else value / 1e3:.6g}{sign}"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{min(decimals, 6)}f}"
