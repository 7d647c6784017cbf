"""What the machine does for a run, in words: where the time goes, how fast it is, memory, processor, GPUs, disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.events import HardwareRead
from core.runs.readings import Peaks
from core.runs.state import RunState
from tui.figures import duration, number, size
from tui.text import one_line

ACTIVITIES = {
    "training": "forward/backward",
    "data": "data",
    "evaluation": "eval",
    "sampling": "samples",
    "checkpoints": "saving",
    "paused": "paused",
    "other": "rest",
}


def shares(spent: Mapping[str, float]) -> dict[str, float]:
    """The share of each activity in the time spent; what took no time is absent."""
    total = sum(spent.values())
    return {activity: spent[activity] / total for activity in ACTIVITIES if spent.get(activity, 0) > 0}


def shares_text(spent: Mapping[str, float]) -> str:
    """`forward/backward 81 %, data 3 %`; empty where nothing was measured."""
    return ", ".join(f"{ACTIVITIES[activity]} {_percent(share)}" for activity, share in shares(spent).items())


def lines(state: RunState) -> list[tuple[str, str]]:
    """Name and text of each line on the machine; what is not known is absent."""
    found = []
    if state.time_spent:
        found.append(("time", f"{duration(state.seconds)}: {shares_text(state.time_spent)}"))
    speed = [
        f"{number(value)} {unit}"
        for metric, unit in (("samples_per_second", "samples/s"), ("tokens_per_second", "tokens/s"))
        if (value := state.latest(metric)) is not None
    ]
    if speed:
        found.append(("speed", "   ".join(speed)))
    if state.hardware is not None:
        found += _hardware(state.hardware, state.peaks)
    return found


def device(read: Mapping[str, Any]) -> str:
    """A GPU's figures; what it does not tell is absent."""
    parts = []
    if read.get("utilization") is not None:
        parts.append(f"{read['utilization']:.0f} %")
    if read.get("memory_used") is not None:
        total = f" of {size(read['memory_total'])}" if read.get("memory_total") else ""
        parts.append(f"{size(read['memory_used'])}{total}")
    if read.get("power_w") is not None:
        parts.append(f"{read['power_w']:.0f} W")
    if read.get("temperature_c") is not None:
        parts.append(f"{read['temperature_c']:.0f} °C")
    if read.get("name"):
        parts.append(one_line(str(read["name"]), 30))
    return "   ".join(parts)


def _hardware(read: HardwareRead, peaks: Peaks) -> list[tuple[str, str]]:
    peak = f", peak {size(peaks.process)}" if peaks.process is not None else ""
    found = [
        ("process", f"{size(read.process_memory)} memory{peak}"),
        (
            "machine",
            f"cpu {read.cpu_percent:.0f} %   memory {size(read.memory_used)} of {size(read.memory_total)}"
            f"   disk {size(read.disk_free)} left",
        ),
    ]
    found += [(f"gpu {index}", device(figures)) for index, figures in enumerate(read.devices)]
    if peaks.gpus:
        found.append(("tensors", "peak " + ", ".join(size(each) for each in peaks.gpus) + " of GPU memory"))
    elif not read.devices:
        found.append(("gpu", "none"))
    return found


def _percent(share: float) -> str:
    return "<1 %" if share < 0.005 else f"{100 * share:.0f} %"
