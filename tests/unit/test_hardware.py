"""Readings of the machine, with and without a GPU."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from core import events, hardware


@pytest.fixture(autouse=True)
def _not_yet_initialised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "_devices", None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


class FakeNVMLError(Exception):
    pass


class FakeNVML(ModuleType):
    """Two GPUs; the second one tells its name and memory only, as an old or partitioned one does."""

    NVMLError = FakeNVMLError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.started = 0

    def nvmlInit(self) -> None:  # noqa: N802
        self.started += 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:  # noqa: N802
        if uuid not in ("GPU-a", "GPU-b"):
            raise FakeNVMLError("Not Found")
        return ("GPU-a", "GPU-b").index(uuid)

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        return f"Fake GPU {handle}"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:  # noqa: N802
        return type("Memory", (), {"used": 2**30, "total": 2**34})

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:  # noqa: N802
        return self._only_first(handle, type("Rates", (), {"gpu": 87}))

    def nvmlDeviceGetPowerUsage(self, handle: int) -> Any:  # noqa: N802
        return self._only_first(handle, 312_500)

    def nvmlDeviceGetTemperature(self, handle: int, sensor: int) -> Any:  # noqa: N802
        return self._only_first(handle, 64)

    def _only_first(self, handle: int, value: Any) -> Any:
        if handle:
            raise FakeNVMLError("Not Supported")
        return value


def test_the_machine_of_this_process(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    ballast = bytearray(os.urandom(1024)) * (50 * 1024)
    reading = hardware.read(tmp_path)
    assert 0 <= reading.cpu_percent <= 100
    assert 0 < reading.memory_used < reading.memory_total
    assert len(ballast) < reading.process_memory < reading.memory_total
    stats = os.statvfs(tmp_path)
    assert reading.disk_free == pytest.approx(stats.f_bavail * stats.f_frsize, rel=0.05)
    assert list(recwarn) == []


def test_a_reading_survives_its_journey_as_a_line(tmp_path: Path) -> None:
    reading = hardware.read(tmp_path)
    assert events.from_json(events.to_json(reading)) == reading


def test_a_folder_that_is_not_there_yet_has_the_disk_of_its_parent(tmp_path: Path) -> None:
    here, there = hardware.read(tmp_path), hardware.read(tmp_path / "a" / "b")
    assert there.disk_free == pytest.approx(here.disk_free, rel=0.05)


def test_the_load_is_that_since_the_last_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class FakeTimes(tuple[float, ...]):
        user, idle = property(lambda self: self[0]), property(lambda self: self[1])

    times = iter([FakeTimes((100.0, 100.0)), FakeTimes((130.0, 110.0)), FakeTimes((130.0, 110.0))])
    monkeypatch.setattr(hardware.psutil, "cpu_times", lambda: next(times))
    monkeypatch.setattr(hardware, "_busy", None)
    assert [hardware.read(tmp_path).cpu_percent for _ in range(3)] == [50.0, 75.0, 75.0]


def test_any_thread_gets_a_real_load(tmp_path: Path) -> None:
    hardware.read(tmp_path)
    sum(range(3_000_000))
    loads: list[float] = []
    thread = threading.Thread(target=lambda: loads.append(hardware.read(tmp_path).cpu_percent))
    thread.start()
    thread.join()
    assert loads[0] > 0


def test_gpus_tell_what_they_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeNVML()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    for _ in range(2):
        hardware.read(tmp_path)
    assert fake.started == 1
    memory = {"memory_used": 2**30, "memory_total": 2**34}
    assert hardware.read(tmp_path).devices == [
        {"name": "Fake GPU 0", "utilization": 87, **memory, "power_w": 312.5, "temperature_c": 64},
        {"name": "Fake GPU 1", **memory},
    ]


@pytest.mark.parametrize(
    ("visible", "names"),
    [("1", [1]), ("1,0", [1, 0]), ("GPU-b, 0", [1, 0]), ("", []), ("-1", []), ("0,7,1", [0]), ("GPU-x", [])],
)
def test_only_the_gpus_that_this_process_may_use_are_read(
    visible: str, names: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNVML())
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [device["name"] for device in hardware.read(tmp_path).devices] == [f"Fake GPU {name}" for name in names]


def test_a_machine_without_a_driver_has_no_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeNVML()

    def fail() -> None:
        raise FakeNVMLError("NVML Shared Library Not Found")

    monkeypatch.setattr(fake, "nvmlInit", fail)
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    assert hardware.read(tmp_path).devices == []


def test_a_forked_child_opens_the_devices_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeNVML()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    hardware.read(tmp_path)
    monkeypatch.setattr(hardware.os, "getpid", os.getppid)
    hardware.read(tmp_path)
    assert fake.started == 2
