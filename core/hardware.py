"""What the machine is doing: processor, memory, disk, GPUs."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from core.events import HardwareRead

_lock = threading.Lock()
_devices: tuple[int, list[Any]] | None = None
"""The process that initialised NVML, and its handles; a forked child needs its own."""
_busy: tuple[float, float] | None = None
_percent = 0.0


def read(folder: Path) -> HardwareRead:
    """One reading; `disk_free` is that of the file system that holds `folder`, or its nearest existing parent.

    The load is the mean since the reading before, over all cores; since boot at the first. Any thread may call.
    """
    memory = psutil.virtual_memory()
    resident = psutil.Process().memory_info().rss
    peak = _process_peak()
    with _lock:
        return HardwareRead(
            t=time.time(),
            cpu_percent=_cpu_percent(),
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            process_memory=resident,
            disk_free=_disk_free(folder),
            devices=[_read_device(handle) for handle in _handles()],
            process_memory_peak=None if peak is None else max(peak, resident),  # the system counts it late
            gpu_memory_peaks=_gpu_peaks(),
        )


def _process_peak() -> int | None:
    """The most memory that this process ever held, in bytes; None where the system does not say."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _gpu_peaks() -> list[int]:
    """Per GPU that torch uses, the most bytes that tensors ever held. Torch is asked only where it is at work already:
    it counts for itself, and no device waits."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    initialized = getattr(cuda, "is_initialized", None)  # neither is there while another thread imports it
    if cuda is None or initialized is None or not initialized():
        return []
    return [int(cuda.max_memory_allocated(index)) for index in range(cuda.device_count())]


def _cpu_percent() -> float:
    """psutil's own keeps its last figure per thread, so a thread's first call gives 0."""
    global _busy, _percent
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # guest time stands in user and nice already
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    busy_before, total_before = _busy or (0.0, 0.0)
    busy = total - idle
    if total > total_before:
        _percent = min(100.0, max(0.0, 100.0 * (busy - busy_before) / (total - total_before)))
        _busy = busy, total
    return round(_percent, 1)


def _disk_free(folder: Path) -> int:
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return psutil.disk_usage(str(place)).free


def _handles() -> list[Any]:
    """NVML's devices; none where there is no GPU or no driver, which is nothing unusual."""
    global _devices
    if _devices is None or _devices[0] != os.getpid():
        _devices = os.getpid(), _open_devices()
    return _devices[1]


def _open_devices() -> list[Any]:
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return _visible(handles, os.environ.get("CUDA_VISIBLE_DEVICES"))
    except Exception:
        return []


def _visible(handles: list[Any], wanted: str | None) -> list[Any]:
    """Those of NVML's devices that CUDA_VISIBLE_DEVICES leaves to this process, in its order; all where it is not set.

    As CUDA reads it: numbers, or UUIDs; the first that does not exist ends the list. Numbers are those
    of the bus, as with CUDA_DEVICE_ORDER=PCI_BUS_ID: on a machine of unlike GPUs CUDA may count them otherwise.
    """
    if wanted is None:
        return handles
    import pynvml

    found: list[Any] = []
    for name in map(str.strip, wanted.split(",")):
        try:
            found.append(handles[int(name)] if name.isdecimal() else pynvml.nvmlDeviceGetHandleByUUID(name))
        except (IndexError, pynvml.NVMLError):
            break
    return found


def _read_device(handle: Any) -> dict[str, Any]:
    """What a GPU tells; what it does not support is absent."""
    import pynvml

    found: dict[str, Any] = {}

    def take(name: str, query: Callable[[], Any]) -> None:
        with contextlib.suppress(pynvml.NVMLError):
            found[name] = query()

    take("name", lambda: pynvml.nvmlDeviceGetName(handle))
    take("utilization", lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    take("memory_used", lambda: pynvml.nvmlDeviceGetMemoryInfo(handle).used)
    take("memory_total", lambda: pynvml.nvmlDeviceGetMemoryInfo(handle).total)
    take("power_w", lambda: pynvml.nvmlDeviceGetPowerUsage(handle) / 1000)
    take("temperature_c", lambda: pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))
    return found
