"""Figures as people read them, in the shell and on the screen."""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.events import TOKENS


def number(value: float) -> str:
    """Four digits that count: 0.6412, 12.35, 1,234, 5e-05, 3.417e+14. Whole numbers stay whole; a score of 0 has the
    digits of others beside it: 0.0000."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    size = abs(value)
    if size >= 1e9 and not isinstance(value, int):
        return f"{value:.4g}"
    if isinstance(value, int) or size >= 1000:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.2f}"
    return f"{value:.3g}" if 0 < size < 1e-3 else f"{value or 0.0:.4f}"  # -0.0 is 0


def duration(seconds: float) -> str:
    """4.2 s, 3 min 05 s, 1 h 02 min."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(count: float) -> str:
    """Bytes in binary units: 512 B, 1.5 GiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def plural(unit: str) -> str:
    """steps, rows, batches."""
    return f"{unit}es" if unit.endswith("ch") else f"{unit}s"


def own(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that say how good the model is; not how fast it was measured, nor how far the run is."""
    return {
        name: value
        for name, value in metrics.items()
        if name not in ("epoch", TOKENS) and not name.endswith(("_runtime", "_per_second"))
    }
