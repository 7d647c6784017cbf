"""How much memory there is for a run."""

from __future__ import annotations

from dataclasses import dataclass

from core.training.failures import LESS_MEMORY
from core.training.preflight.findings import Finding, Severity

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of the device that will train: what is free, and what there is in all; and what this process holds of the
    machine's own memory before a model is loaded."""

    device: str
    free: int
    total: int
    process: int

    @classmethod
    def of(cls, device: str) -> Room:
        """The memory of a device now; the machine's own where the device has none."""
        import psutil

        process = psutil.Process().memory_info().rss
        if device == "cuda":
            import torch

            free, total = torch.cuda.mem_get_info()
            return cls(device, free, total, process)
        memory = psutil.virtual_memory()
        return cls(device, memory.available, memory.total, process)

    def look(self, needed: int | None) -> list[Finding]:
        """What there is to say of a run that needs so many bytes; None: nobody knows."""
        if needed is None or needed <= self.free:
            return []
        message = f"it needs about {needed / GIB:.1f} GiB, and of the {self.device}'s {self.total / GIB:.1f} GiB "
        message += f"{self.free / GIB:.1f} are free"
        severity: Severity = "error" if needed > self.total else "warning"
        hint = LESS_MEMORY if severity == "error" else f"free some, or {LESS_MEMORY}"
        return [Finding("out_of_memory", severity, "", 0, message, hint)]
