"""What the Monitor costs a training: steps a second and peak memory, beside a plain script."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench.measure import Measurement
from tests.bench.workload import Trained, train_on_monitor, train_plainly, write_config

PAIRS = 5


def speed_and_memory() -> list[Measurement]:
    """Medians over interleaved pairs."""
    pairs: list[tuple[Trained, Trained]] = []
    with tempfile.TemporaryDirectory() as home:
        config = write_config(Path(home))
        for index in range(PAIRS):
            folder = Path(home) / str(index)
            folder.mkdir()
            plain = train_plainly(config, folder)
            finetui = [str(Path(sys.executable).with_name("finetui"))]
            seen = train_on_monitor(config, folder / "runs", finetui, {"XDG_STATE_HOME": str(folder)})
            pairs.append((plain, seen))
            print(f"  pair {index + 1}: {plain.rate:.2f} and {seen.rate:.2f} steps/s", file=sys.stderr, flush=True)
    speed = median(seen.rate / plain.rate for plain, seen in pairs)
    memory = median(seen.peak_bytes / plain.peak_bytes for plain, seen in pairs)
    return [
        Measurement("steps per second, plain script", median(plain.rate for plain, _ in pairs), "1/s"),
        Measurement("steps per second, Monitor open", median(seen.rate for _, seen in pairs), "1/s"),
        Measurement("training speed over the plain script", speed, "times", "at least 0.97", speed >= 0.97),
        Measurement("peak memory, plain script", median(plain.peak_bytes for plain, _ in pairs) / 2**20, "MiB"),
        Measurement("peak memory, Monitor open", median(seen.peak_bytes for _, seen in pairs) / 2**20, "MiB"),
        Measurement("peak memory over the plain script", memory, "times"),
    ]
