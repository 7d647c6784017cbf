"""What the readings of the machine say of a run's memory."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from core import events


def memory(read: events.HardwareRead) -> dict[str, float]:
    """What a reading says of the memory in use, as metrics, in bytes; of several GPUs that of the fullest."""
    found = {"process_memory": float(read.process_memory)}
    if read.devices:
        found["gpu_memory"] = float(max(device.get("memory_used") or 0 for device in read.devices))
    return found


@dataclass(slots=True)
class Peaks:
    """The most bytes of memory that a run took, in all its lives.

    Attributes:
        process: what one of its processes held; None where nobody read it.
        gpus: of each GPU's memory, in tensors.
    """

    process: int | None = None
    gpus: list[int] = field(default_factory=list)

    def take(self, read: events.HardwareRead) -> None:
        """Take one reading into account."""
        if read.process_memory_peak:
            self.process = max(self.process or 0, read.process_memory_peak)
        self.gpus = [max(both) for both in itertools.zip_longest(self.gpus, read.gpu_memory_peaks, fillvalue=0)]
